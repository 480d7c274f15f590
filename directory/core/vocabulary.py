"""Vocabularies: the terms that profiles, filters and queries share, and the look-up from people's words to term ids.

A vocabulary never changes after it was loaded (`vocabulary_files.load_vocabularies`), so it can be shared between threads.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cached_property
from hashlib import sha256
from json import dumps
from typing import Final

from directory.core.errors import Invalid

_APOSTROPHES: Final = "'\u2018\u2019\u02bb\u02bc"  # straight, both curly ones, okina, modifier letter
_WITHOUT_APOSTROPHES: Final = {ord(mark): None for mark in _APOSTROPHES}
_ASCII: Final[dict[int, str | None]] = {n: chr(n).lower() if chr(n).isalnum() else None if chr(n) == "'" else " " for n in range(128)}
_SEPARATORS: Final = re.compile(r"[\W_]+")
_LONGEST: Final = 200  # no spelling comes near; keeps a field of megabytes cheap


def _bare_letters(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.category(char).startswith("M"))


def fold(text: str) -> str:
    """The form in which spellings are compared: no case, accents, apostrophes or punctuation, `&` as `and`, single spaces.

    Folding twice changes nothing. `fold("PM&R") == "pm and r"`, `fold("Crohn's  Disease") == "crohns disease"`.
    """
    if not text.isascii():
        # Twice, because case folding may bring up marks and letters that decompose again.
        text = _bare_letters(_bare_letters(text).casefold()).translate(_WITHOUT_APOSTROPHES)
        text = _SEPARATORS.sub(" ", text.replace("&", " and "))
    elif "&" in text:
        text = text.replace("&", " and ")
    if text.isascii():
        text = text.translate(_ASCII)
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of a vocabulary. `parent` may be a term of another vocabulary, see `Vocabulary.parent_vocabulary`."""

    id: str
    label: str
    parent: str | None = None
    synonyms: tuple[str, ...] = ()
    retired: bool = False
    replaced_by: str | None = None
    note: str = ""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every text that means this term: id, label, synonyms."""
        return (self.id, self.label, *self.synonyms)


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The terms of one kind, in file order, retired ones included.

    `parent_vocabulary` is set when all parents are terms of that other vocabulary (topics below arenas).
    `exact_case` holds upper-case spellings that are also everyday words ("ID", "OR"). `match` takes them in any case, because it is
    given a whole value; a reader of sentences must demand them as spelled here.
    """

    name: str
    label: str
    description: str
    parent_vocabulary: str | None
    terms: Mapping[str, Term]
    exact_case: frozenset[str] = frozenset()

    @cached_property
    def phrases(self) -> Mapping[str, tuple[str, ...]]:
        """Folded spelling -> ids in file order; several ids only where the file declares the spelling ambiguous."""
        table: dict[str, tuple[str, ...]] = {}
        for term in self.terms.values():
            meaning = self.current(term.id)
            for phrase in map(fold, term.spellings):
                known = table.get(phrase, ())
                if meaning not in known:
                    table[phrase] = tuple(sorted((*known, meaning), key=self._position.__getitem__))
        return table

    @cached_property
    def _position(self) -> Mapping[str, int]:
        return {term_id: n for n, term_id in enumerate(self.terms)}

    @cached_property
    def _ancestors(self) -> Mapping[str, tuple[str, ...]]:
        lines: dict[str, tuple[str, ...]] = {}
        for term in self.terms.values():
            line: list[str] = []
            parent = None if self.parent_vocabulary else term.parent
            while parent is not None:
                line.append(parent)
                parent = self.terms[parent].parent
            lines[term.id] = tuple(line)
        return lines

    @cached_property
    def _children(self) -> Mapping[str, tuple[str, ...]]:
        below: dict[str, list[str]] = {}
        for term in self.terms.values():
            if term.parent is not None:
                below.setdefault(term.parent, []).append(term.id)
        return {parent: tuple(ids) for parent, ids in below.items()}

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        return {fold(term.label): term.label for term in self.active()}

    def active(self) -> tuple[Term, ...]:
        """The terms that may be chosen now, in file order."""
        return tuple(term for term in self.terms.values() if not term.retired)

    def current(self, term_id: str) -> str:
        """The id to use today: the last replacement of a retired term, else the id itself. Raises `Invalid` for an unknown id."""
        term = self._term(term_id)
        while term.replaced_by is not None:
            term = self.terms[term.replaced_by]
        return term.id

    def ancestors(self, term_id: str) -> tuple[str, ...]:
        """Ids above the term, nearest first, within this vocabulary only. Raises `Invalid` for an unknown id."""
        return self._ancestors[self._term(term_id).id]

    def with_ancestors(self, ids: Iterable[str]) -> tuple[str, ...]:
        """The ids and all their ancestors, each once, in file order. Raises `Invalid` for an unknown id."""
        found: set[str] = set()
        for term_id in ids:
            found.add(term_id)
            found.update(self.ancestors(term_id))
        return tuple(sorted(found, key=self._position.__getitem__))

    def children(self, term_id: str) -> tuple[str, ...]:
        """Ids directly below, in file order. With a `parent_vocabulary`, give an id of that one; () if nothing is below."""
        return self._children.get(term_id, ())

    def descendants(self, term_id: str) -> tuple[str, ...]:
        """Ids anywhere below, each parent before its children."""
        return tuple(found for child in self.children(term_id) for found in (child, *self.descendants(child)))

    def match(self, text: str) -> tuple[str, ...]:
        """Ids that the whole text means after folding, () if none; retired terms give their replacement."""
        return self.phrases.get(fold(text), ()) if len(text) <= _LONGEST else ()

    def suggest(self, text: str, limit: int = 3) -> tuple[str, ...]:
        """The closest labels that may be chosen, best first, for error messages."""
        close = get_close_matches(fold(text[:_LONGEST]), self._labels, n=limit)
        return tuple(self._labels[folded] for folded in close)

    def _term(self, term_id: str) -> Term:
        term = self.terms.get(term_id)
        if term is None:
            allowed = tuple(known.id for known in self.active())
            raise Invalid(f"{term_id!r} is not a term of {self.name!r}", where=self.name, value=term_id, allowed=allowed)
        return term


@dataclass(frozen=True, eq=False)
class Vocabularies(Mapping[str, Vocabulary]):
    """All vocabularies by name, as one read-only mapping."""

    by_name: Mapping[str, Vocabulary]

    def __getitem__(self, name: str) -> Vocabulary:
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over everything that can change an answer (terms, their order, texts), not over comments or layout of the files."""
        content = [
            [v.name, v.label, v.description, v.parent_vocabulary, sorted(v.exact_case), [asdict(term) for term in v.terms.values()]]
            for v in sorted(self.by_name.values(), key=lambda v: v.name)
        ]
        return sha256(dumps(content, sort_keys=True).encode()).hexdigest()
