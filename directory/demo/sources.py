"""The sources.toml of the demo."""

import json
from collections.abc import Iterable, Iterator
from typing import Final

from directory.demo.plan import PlannedSource
from directory.demo.ucsf import MENTEES, TYPES

_PACE: Final = 200
"""Requests a second to the replay server: it is ours, so there is nobody to be polite to."""
_HEAD: Final = "# Written by the demo. Every institution and every person in these files is invented.\n"


def _text(value: str) -> str:
    """A basic string of TOML; JSON's escapes are among those of TOML."""
    return json.dumps(value, ensure_ascii=False)


def _profile_options(source: PlannedSource, replay_url: str) -> Iterator[str]:
    yield f"[source.{source.name}.options]"
    yield 'source = "example-directory"'
    yield f"base_url = {_text(replay_url)}"
    yield f"requests_per_second = {_PACE}"
    yield f"names = [{', '.join(map(_text, source.names))}]"
    yield f"[source.{source.name}.options.mentoring_types]"
    for arena, text in TYPES.items():
        yield f"{_text(text)} = {{ arena = {_text(arena)} }}"
    for level, text in MENTEES.items():
        yield f"{_text(text)} = {{ levels = [{_text(level)}] }}"


def _block(source: PlannedSource, replay_url: str) -> Iterator[str]:
    place = source.institution
    yield f"[source.{source.name}]"
    yield f"kind = {_text(source.kind)}"
    yield f"label = {_text(f'{place.name}, mentors')}"
    yield f"institution = {{ {', '.join(f'{key} = {_text(value)}' for key, value in place.facts.items())} }}"
    yield 'every = "1d"'
    if source.kind == "ucsf-profiles":
        yield from _profile_options(source, replay_url)
    else:
        yield f"path = {_text(source.path.name)}"


def sources_toml(sources: Iterable[PlannedSource], *, replay_url: str) -> str:
    """The whole file."""
    return "\n".join((_HEAD, *("\n".join((*_block(source, replay_url), "")) for source in sources)))
