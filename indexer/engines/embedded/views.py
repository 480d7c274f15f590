"""What requests read: the newest view of the serving generation, and the older views that walks through pages hold on to."""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Final

from tantivy import Index, Searcher

from directory.core.errors import Unavailable
from indexer.engines.embedded.everybody import Everybody, count_everybody
from indexer.engines.embedded.generations import UNREADABLE, Folder, Mark, file_mark, open_index
from indexer.engines.embedded.leaders import Leaders, read_leaders
from indexer.engines.embedded.pairs import Values
from indexer.engines.embedded.question import Question
from indexer.engines.embedded.terms import Terms, read_terms
from indexer.engines.first import NO_INDEX

MOST_PINNED: Final = 64
PINNED_FOR: Final = 15 * 60.0
"""Seconds since a view was last used."""

TRIES: Final = 5


@dataclass(frozen=True)
class View:
    """An immutable state of the index. `token` tells it from every other view of any process."""

    generation: str
    token: str
    searcher: Searcher
    values: Values = field(default_factory=dict, repr=False, compare=False)
    _counted: dict[str, Everybody] = field(default_factory=dict, repr=False, compare=False)
    _counting: Lock = field(default_factory=Lock, repr=False, compare=False)
    _leading: dict[tuple[str, str], Leaders] = field(default_factory=dict, repr=False, compare=False)

    def everybody(self, question: Question) -> Everybody:
        """Counts of all whom the audience of a question may see; who asks while they are made waits for them."""
        with self._counting:
            if question.scope not in self._counted:
                self._counted[question.scope] = count_everybody(self.searcher, question)
            return self._counted[question.scope]

    def leaders(self, question: Question) -> Leaders:
        """The first of all whom the audience of a question may see, in its order."""
        key = question.scope, question.sort
        with self._counting:
            if key not in self._leading:
                self._leading[key] = read_leaders(self.searcher, question)
            return self._leading[key]

    @cached_property
    def terms(self) -> Terms:
        """What its dictionaries say."""
        return read_terms(self.searcher, self.values)


@dataclass(slots=True)
class _Opened:
    """The serving generation as this process has it open; `pointer` and `state` are the files' versions that were seen."""

    generation: str
    pointer: Mark
    index: Index
    values: Values
    state: Mark | None = None
    view: View | None = None


class Views:
    """Follows the files of whichever process writes: a look at two files per request tells whether something changed."""

    def __init__(self, folder: Folder, layout: str, monotonic: Callable[[], float]) -> None:
        self._folder = folder
        self._layout = layout
        self._monotonic = monotonic
        self._lock = Lock()
        self._opened: _Opened | None = None
        self._pinned: OrderedDict[str, tuple[View, float]] = OrderedDict()

    def current(self) -> View:
        """The newest view. Raises Unavailable when there is none or this code can't read it.

        A swap may remove the files between two looks at them; the next try then finds the new ones.
        """
        with self._lock:
            self._forget_old()
            for _ in range(TRIES - 1):
                try:
                    return self._newest()
                except Unavailable:
                    self._opened = None
            return self._newest()

    def pin(self, view: View) -> None:
        """Keep a view for those who page through it."""
        with self._lock:
            self._pinned[view.token] = (view, self._monotonic())
            self._pinned.move_to_end(view.token)
            self._forget_old()
            while len(self._pinned) > MOST_PINNED:
                self._pinned.popitem(last=False)

    def pinned(self, token: str) -> View | None:
        """A view that was pinned, unless that was too long ago."""
        with self._lock:
            view, used = self._pinned.get(token, (None, 0.0))
            return view if self._monotonic() - used <= PINNED_FOR else None

    def forget(self) -> None:
        """Let go of all files."""
        with self._lock:
            self._pinned.clear()
            self._opened = None

    def _forget_old(self) -> None:
        """Let go of views that nobody used for long, with every look at the index: they hold on to deleted files, and with them to what
        people had published who have left since."""
        now = self._monotonic()
        while self._pinned and now - next(iter(self._pinned.values()))[1] > PINNED_FOR:
            self._pinned.popitem(last=False)

    def _newest(self) -> View:
        pointer = self._folder.mark()
        if pointer is None:
            raise Unavailable(NO_INDEX)
        opened = self._opened
        if opened is None or opened.pointer != pointer:
            opened = self._opened = self._open(pointer)
        state = file_mark(self._folder.data(opened.generation) / "meta.json")
        if opened.view is None or state != opened.state:
            opened.view, opened.state = _reloaded(opened), state
        return opened.view

    def _open(self, pointer: Mark) -> _Opened:
        name = self._folder.current()
        spec = self._folder.spec(name)
        if spec.layout != self._layout:
            raise Unavailable("The search index is of another version of this program: run `mentors index rebuild`.", retry_after=60)
        return _Opened(name, pointer, open_index(self._folder.data(name)), spec.values)


def _reloaded(opened: _Opened) -> View:
    try:
        opened.index.reload()
    except (ValueError, OSError) as error:
        raise Unavailable(UNREADABLE) from error
    return View(opened.generation, secrets.token_hex(6), opened.index.searcher(), opened.values)
