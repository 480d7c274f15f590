"""Reads `vocabularies/*.toml`: what each file may hold, and every problem in one go. The format: docs/vocabularies.md."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from directory.core.errors import DirectoryError
from directory.core.vocabulary import Term, Vocabularies, Vocabulary, fold
from directory.core.vocabulary_checks import check_spellings, settle_parents, settle_replacements

REQUIRED: Final = (
    "arena", "availability", "cadence", "language", "level", "mode", "rank", "specialty", "stage", "state", "style", "topic",
)  # fmt: skip
"""Vocabularies that the application asks for by name; more files may lie beside them."""

_TOP_KEYS: Final = ("label", "description", "parent_vocabulary", "ambiguous", "words", "term")
_TERM_KEYS: Final = ("id", "label", "parent", "synonyms", "status", "replaced_by", "note")
_STATUSES: Final = ("active", "retired")
_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*|[A-Z]{2}")


class VocabularyError(DirectoryError):
    """The vocabularies can't be used. `problems` has one line for each thing to correct: file, term and what is allowed."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join((f"The vocabularies can't be used, problems: {len(self.problems)}", *self.problems)))


class _Table:
    """Takes typed values out of one TOML table and notes what is wrong with them."""

    def __init__(self, values: Mapping[str, Any], place: str, problems: list[str]) -> None:
        self.values = values
        self.place = place
        self.problems = problems

    def only(self, allowed: Sequence[str]) -> None:
        for key in self.values:
            if key not in allowed:
                self.problems.append(f"{self.place}: unknown key {key!r}; allowed: {', '.join(allowed)}")

    def text(self, key: str) -> str:
        value = self.values.get(key, "")
        if isinstance(value, str):
            return value
        self.problems.append(f"{self.place}: {key} is {value!r}; allowed: a text in quotes")
        return ""

    def written(self, key: str) -> str:
        """A text that people read: it must have a letter or digit."""
        text = self.text(key)
        if isinstance(self.values.get(key, ""), str) and not fold(text):
            self.problems.append(f"{self.place}: {key} is empty; allowed: a text with a letter or digit")
        return text

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.values.get(key, [])
        if isinstance(values, list) and all(isinstance(value, str) and fold(value) for value in values):
            return tuple(values)
        self.problems.append(f"{self.place}: {key} is {values!r}; allowed: a list of texts, each with a letter or digit")
        return ()


def _read_term(table: _Table, number: int) -> Term | None:
    term_id = table.values.get("id")
    if not isinstance(term_id, str) or not _ID.fullmatch(term_id):
        allowed = "lower-case letters, digits and single hyphens, or two capitals"
        table.problems.append(f"{table.place}: term number {number} has id {term_id!r}; allowed: {allowed}")
        return None
    table.place = f"{table.place}: term {term_id!r}"
    table.only(_TERM_KEYS)
    status = table.values.get("status", "active")
    if status not in _STATUSES:
        table.problems.append(f"{table.place}: status is {status!r}; allowed: {', '.join(_STATUSES)}")
    return Term(
        id=term_id, label=table.written("label"), parent=table.text("parent") or None, synonyms=table.texts("synonyms"),
        retired=status == "retired", replaced_by=table.text("replaced_by") or None, note=table.text("note"),
    )  # fmt: skip


def _read_terms(place: str, entries: Any, problems: list[str]) -> dict[str, Term]:
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        problems.append(f"{place}: no terms; allowed: one or more [[term]] tables")
        return {}
    terms: dict[str, Term] = {}
    for number, entry in enumerate(entries, start=1):
        term = _read_term(_Table(entry, place, problems), number)
        if term is None:
            continue
        if term.id in terms:
            problems.append(f"{place}: term {term.id!r}: the id stands twice; allowed: each id once, retired ones included")
            continue
        terms[term.id] = term
    return terms


def _read_vocabulary(path: Path, problems: list[str]) -> Vocabulary | None:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{path.name}: can't be read, {error.strerror}; allowed: a readable file")
        return None
    except UnicodeDecodeError:
        problems.append(f"{path.name}: not UTF-8; allowed: TOML in UTF-8")
        return None
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path.name}: {error}; allowed: TOML in UTF-8")
        return None
    table = _Table(values, path.name, problems)
    table.only(_TOP_KEYS)
    terms = _read_terms(path.name, values.get("term"), problems)
    parent_vocabulary = table.text("parent_vocabulary") or None
    if parent_vocabulary is None:
        terms = settle_parents(path.name, terms, problems)
    terms = settle_replacements(path.name, terms, problems)
    vocabulary = Vocabulary(
        name=path.stem, label=table.written("label"), description=table.written("description"),
        parent_vocabulary=parent_vocabulary, terms=MappingProxyType(terms), exact_case=frozenset(table.texts("words")),
    )  # fmt: skip
    check_spellings(path.name, vocabulary, table.texts("ambiguous"), problems)
    return vocabulary


def _check_foreign_parents(found: Mapping[str, Vocabulary], names: Iterable[str], problems: list[str]) -> None:
    """Parents in another vocabulary; one whose file can't be read was reported already and is not reported twice."""
    for vocabulary in found.values():
        above = vocabulary.parent_vocabulary
        if above is None:
            continue
        place = f"{vocabulary.name}.toml"
        if above == vocabulary.name or above not in names:
            others = ", ".join(name for name in names if name != vocabulary.name)
            problems.append(f"{place}: parent_vocabulary is {above!r}; allowed: {others}")
            continue
        for term in vocabulary.terms.values() if above in found else ():
            if term.parent not in found[above].terms:
                allowed = ", ".join(found[above].terms)
                problems.append(f"{place}: term {term.id!r}: parent is {term.parent or ''!r}; allowed, from {above}.toml: {allowed}")


def load_vocabularies(folder: Path) -> Vocabularies:
    """All `*.toml` of the folder; the file's stem is the vocabulary's name. Raises `VocabularyError` with every problem found."""
    paths = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    problems = [f"{name}.toml: no such file; needed: {', '.join(REQUIRED)}" for name in REQUIRED if name not in paths]
    found: dict[str, Vocabulary] = {}
    for name, path in paths.items():
        vocabulary = _read_vocabulary(path, problems)
        if vocabulary is not None:
            found[name] = vocabulary
    _check_foreign_parents(found, tuple(sorted({*paths, *REQUIRED})), problems)
    if problems:
        raise VocabularyError(problems)
    return Vocabularies(MappingProxyType(found))
