"""Who is meant: a person's id, the id in a source, or an ORCID iD."""

import re

from directory.bootstrap import Parts
from directory.core.errors import Invalid, NotFound
from directory.core.identity import MatchKey, parse_orcid
from directory.store import people


def find(built: Parts, text: str) -> str:
    """The person's id. Text of another form is handed back: whoever asks for that id says what ids look like. Raises NotFound."""
    key = _key(built, text.strip())
    if key is None:
        return text
    with built.store.read() as conn:
        found = people.find(conn, [key]).get(key)
    if found is None:
        kind = "with this ORCID iD" if key.kind == "orcid" else "with this id in the source"
        raise NotFound(f"There is no person {kind}: {text[:80]!r}. Who was erased or never imported can't be found by it.")
    return found


def _key(built: Parts, text: str) -> MatchKey | None:
    try:
        return MatchKey("orcid", parse_orcid(text))
    except Invalid:
        if re.fullmatch(r"(https://orcid\.org/)?[\d-]{15,18}[\dX]", text):
            raise  # meant as one
    source, slash, external_id = text.partition("/")
    if not slash:
        return None
    with built.store.read() as conn:
        named = people.find(conn, [MatchKey("source", text)])  # also of a source that was taken out of sources.toml
    if not named and (source not in built.sources or not external_id):
        known = ", ".join(built.sources) or "none"
        raise NotFound(f"{text[:80]!r} is not a person: write SOURCE/ID; sources are {known}.")
    return MatchKey("source", text)
