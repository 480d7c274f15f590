"""Views: states of the index that the server keeps, so that all of one answer and all pages of a walk come from one state.

One view serves every question for as long as nothing changes: beside each question the newest state is asked what tells it apart from
others, in the same request. A new view is opened only behind a change, so there are few of them however much is searched.
"""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

from directory.core.errors import Unavailable
from indexer.engines.elasticsearch.connection import Json, Session, ViewGone
from indexer.engines.elasticsearch.errors import translated

MOST: Final = 256
KEPT_FOR: Final = 5 * 60.0
"""Seconds that the server keeps a view nobody uses, see `connection.KEEP`."""

MARK: Final[Json] = {"size": 0, "track_total_hits": True, "query": {"match_all": {}}, "aggs": {"changes": {"sum": {"field": "_seq_no"}}}}
"""Every change that becomes visible adds a document or gives one a higher number, so number and sum tell two states apart. The highest
number alone does not: of two changes at the same time the later may be visible first. The server keeps the answer until the next change."""


@dataclass(frozen=True, slots=True)
class _State:
    """A view and what tells its state apart; `generation` is the index that served when it was opened."""

    view: str
    generation: str
    mark: tuple[int, float]


class Views:
    """Those that this process opened, oldest first. A walk whose view was closed goes on in the newest state."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._opened: deque[tuple[float, str]] = deque()
        self._newest: _State | None = None
        self._calm = True
        """Nothing changed between the last two questions, so that most probably the newest view still is the state of now."""

    def ask(self, session: Session, generation: str, bodies: Sequence[Json]) -> tuple[str, list[Json]]:
        """The answers, all of one state that is no older than this call, and the view that holds it for further questions.
        `generation` is the index that serves."""
        known = self._newest
        if known is not None and known.generation == generation and self._calm:
            try:
                *answers, now = session.search_all(bodies, view=known.view, beside=(MARK,))
            except ViewGone:
                pass
            else:
                if _mark(now) == known.mark:
                    return known.view, answers
        view = self._open(session)
        *answers, now = session.search_all([*bodies, MARK], view=view)
        mark = _mark(now)
        self._calm = known is None or known.mark == mark
        self._newest = _State(view, generation, mark)
        return view, answers

    def _open(self, session: Session) -> str:
        """The state of now."""
        view = session.open_view()
        with self._lock:
            self._opened.append((time.monotonic(), view))
            surplus = self._opened.popleft()[1] if len(self._opened) > MOST else ""
            while self._opened and time.monotonic() - self._opened[0][0] > 2 * KEPT_FOR:
                self._opened.popleft()
        if surplus:
            self._close(session, surplus)
        return view

    def _close(self, session: Session, view: str) -> None:
        """Give a view back early. Whatever goes wrong, the server ends it by itself."""
        try:
            with translated():
                session.client.options(ignore_status=404).close_point_in_time(id=view)
        except Unavailable:
            return


def _mark(answer: Json) -> tuple[int, float]:
    return int(answer["hits"]["total"]["value"]), float(answer["aggregations"]["changes"]["value"])
