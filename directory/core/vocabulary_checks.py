"""Rules between the terms of one vocabulary: parents, replacements, and which term a spelling means.

Each function appends one line per problem. The `settle_` functions return the terms without the references they complained
about, so that the checks that follow can walk the tree.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from directory.core.vocabulary import Term, Vocabulary, fold


def _cycle(start: str, step: Callable[[str], str | None]) -> tuple[str, ...]:
    """The ids from `start` back to `start`, or () if the way ends or runs into a cycle that `start` is not part of."""
    way = [start]
    here = step(start)
    while here is not None and here not in way:
        way.append(here)
        here = step(here)
    return (*way, start) if here == start else ()


def _known_ids(wanted: str, terms: Iterable[str]) -> str:
    close = get_close_matches(wanted, terms)
    return "the id of another term of this file" + (f", close ones: {', '.join(close)}" if close else "")


def settle_parents(place: str, terms: Mapping[str, Term], problems: list[str]) -> dict[str, Term]:
    """Parents must be active terms of the same file and form a tree."""
    settled = dict(terms)
    for term in terms.values():
        where = f"{place}: term {term.id!r}: parent"
        if term.parent is None:
            continue
        if term.parent not in terms:
            problems.append(f"{where} is {term.parent!r}; allowed: {_known_ids(term.parent, terms)}")
        elif cycle := _cycle(term.id, lambda id_: settled[id_].parent if id_ in settled else None):
            problems.append(f"{where} goes in a circle, {' > '.join(cycle)}; allowed: a parent that is not below the term")
        elif terms[term.parent].retired and not term.retired:
            problems.append(f"{where} {term.parent!r} is retired; allowed: an active term")
        else:
            continue
        settled[term.id] = replace(term, parent=None)
    return settled


def settle_replacements(place: str, terms: Mapping[str, Term], problems: list[str]) -> dict[str, Term]:
    """Only a retired term has a replacement; it is a term of the same file, and following replacements ends."""
    settled = dict(terms)
    for term in terms.values():
        where = f"{place}: term {term.id!r}: replaced_by"
        if term.replaced_by is None:
            continue
        if not term.retired:
            problems.append(f'{where} stands on an active term; allowed: only with status = "retired"')
        elif term.replaced_by not in terms:
            problems.append(f"{where} is {term.replaced_by!r}; allowed: {_known_ids(term.replaced_by, terms)}")
        elif cycle := _cycle(term.id, lambda id_: settled[id_].replaced_by if id_ in settled else None):
            problems.append(f"{where} goes in a circle, {' > '.join(cycle)}; allowed: a term that stays")
        else:
            continue
        settled[term.id] = replace(term, replaced_by=None)
    return settled


def check_spellings(place: str, vocabulary: Vocabulary, ambiguous: Iterable[str], problems: list[str]) -> None:
    """A spelling means one term unless `ambiguous` says otherwise; `ambiguous` and `words` name spellings of the file."""
    declared = {fold(spelling) for spelling in ambiguous}
    spellings = {fold(text): text for term in reversed(tuple(vocabulary.terms.values())) for text in reversed(term.spellings)}
    for phrase, ids in vocabulary.phrases.items():
        if phrase and len(ids) > 1 and phrase not in declared:  # an empty label was reported as such
            means = f"{place}: term {ids[0]!r}: {spellings[phrase]!r} also means {', '.join(map(repr, ids[1:]))}"
            problems.append(f"{means}; allowed: a spelling of one term, or one that is listed in ambiguous")
    for spelling in ambiguous:
        ids = vocabulary.phrases.get(fold(spelling), ())
        if len(ids) < 2:
            means = f"means only {ids[0]!r}" if ids else "means no term"
            problems.append(f"{place}: ambiguous: {spelling!r} {means}; allowed: a spelling of two or more terms")
    for word in sorted(vocabulary.exact_case):
        if not word.isupper():
            problems.append(f"{place}: words: {word!r}; allowed: upper case")
        if fold(word) not in vocabulary.phrases:
            problems.append(f"{place}: words: {word!r} means no term; allowed: an id, label or synonym of this file")
