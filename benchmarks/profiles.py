"""Index documents of the demo's mentors by the million: demo records through the real reader and document builder, without a store."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from directory.core.profile import facts_to_json
from directory.core.record_reader import RecordReader
from directory.core.vocabulary import Vocabularies
from directory.core.vocabulary_files import load_vocabularies
from directory.demo.people import MOST_PEOPLE, Cast
from directory.search.engine import Document
from directory.store.profiles import ProfileRow
from indexer.document import DocumentBuilder
from indexer.engines.embedded import values_of

TODAY: Final = date(2026, 11, 24)
INSTITUTIONS: Final = 500
LAPSE_DAYS: Final = 90
WIDGETS: Final = 4
"""One mentor in so many is also listed for the widgets of other sites."""

VOCABULARIES: Final = Path(__file__).parents[1] / "config" / "vocabularies"


DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
STEP: Final = 32**11 // MOST_PEOPLE


def person_id(number: int) -> str:
    """An id in the form of `new_person_id`; ids grow with the number, as a rebuild reads them."""
    place = number * STEP + number * 7919 % STEP
    return "m" + "".join(DIGITS[place >> shift & 31] for shift in range(50, -5, -5))


class Profiles:
    """Mentor number i is the same whatever the size of the directory."""

    def __init__(self, vocabularies: Vocabularies | None = None) -> None:
        known = vocabularies or load_vocabularies(VOCABULARIES)
        self._cast = Cast(known, today=TODAY, institutions_count=INSTITUTIONS)
        self._reader = RecordReader(known)
        self.values = values_of(known)
        self._builder = DocumentBuilder(known, lapse_days=LAPSE_DAYS)
        self._institutions = {place.facts["name"]: f"institution-{number}" for number, place in enumerate(self._cast.institutions)}

    def documents(self, count: int, start: int = 0) -> Iterator[Document]:
        """Documents in the order of their ids."""
        return (self.document(number) for number in range(start, start + count))

    def document(self, number: int, *, version: int = 1) -> Document:
        """The document of one mentor."""
        at = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
        parsed = self._reader.read(self._cast.record(number), source="benchmark", received_at=at).record
        if parsed is None:
            raise ValueError(f"demo record {number} was not taken")
        origin = {"source": "benchmark", "at": parsed.changed_at.isoformat()}
        facts = facts_to_json(parsed.facts)
        row = ProfileRow(
            person_id=person_id(number),
            version=version,
            listed=True,
            listed_until=None,
            scopes=("public", "widgets") if number % WIDGETS == 0 else ("public",),
            facts=facts,
            provenance=[{**origin, "fields": list(facts)}],
            name_sort="",
            institution_id=self._institutions.get(parsed.facts.institution.name if parsed.facts.institution else ""),
            next_change=None,
            updated_at=at,
        )
        built = self._builder.build(row, TODAY)
        if not isinstance(built, Document):
            raise ValueError(f"demo record {number} gives no document")
        return built
