"""The stored form of provenance, which needs no database."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from directory.core.profile import FACT_FIELDS, Provenance
from directory.store.profiles import provenance_from_json, provenance_to_json

AT = datetime(2026, 11, 1, 12, 0, 0, 5, tzinfo=UTC)
ORIGINS = st.builds(Provenance, st.sampled_from(("plains", "harbor", "self")), st.sampled_from((AT, AT + timedelta(days=1))))


def test_an_origin_is_written_once() -> None:
    plains, harbor = Provenance("plains", AT), Provenance("harbor", AT)
    assert provenance_to_json({"name": plains, "bio": harbor, "offers": plains}) == [
        {"source": "plains", "at": "2026-11-01T12:00:00.000005+00:00", "fields": ["name", "offers"]},
        {"source": "harbor", "at": "2026-11-01T12:00:00.000005+00:00", "fields": ["bio"]},
    ]


@given(st.dictionaries(st.sampled_from(FACT_FIELDS), ORIGINS))
def test_nothing_is_lost(provenance: dict[str, Provenance]) -> None:
    stored = provenance_to_json(provenance)
    assert provenance_from_json(stored) == provenance
    assert len(stored) == len(set(provenance.values()))
