"""What the service asks the engine for an address, caught on its way, so that every way is asked the very same."""

from dataclasses import dataclass, replace
from typing import Any

from directory.app import create_app
from directory.bootstrap import Parts
from directory.search.engine import Hit, Page, SearchEngine, SearchRequest
from directory.services.cards import CardMaker
from directory.services.search import SearchService


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question for people by the beginnings of names."""

    prefix: str
    scope: str
    exclude: tuple[str, ...]
    limit: int


Asked = SearchRequest | Suggestion


class Listener:
    """An application over an engine that notes what it was asked."""

    def __init__(self, parts: Parts) -> None:
        self._recorder = _Recorder(parts.engine)
        cards = CardMaker(parts.vocabularies, lapse_days=parts.settings.availability.days)
        recording = SearchService(parts.store, self._recorder, parts.vocabularies, cards, parts.clock)
        self._client = create_app(replace(parts, search=recording)).test_client()

    def asked(self, path: str) -> tuple[Asked, ...] | None:
        """The questions behind an address; None where one of them has no answer, because spelling is looked into then."""
        self._recorder.asked, self._recorder.answered = [], True
        answer = self._client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} was answered with {answer.status_code}")
        return tuple(self._recorder.asked) if self._recorder.answered else None


class _Recorder:
    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine
        self.asked: list[Asked] = []
        self.answered = True

    def search(self, request: SearchRequest) -> Page:
        page = self._engine.search(request)
        self.asked.append(request)
        self.answered &= page.total > 0
        return page

    def suggest(self, prefix: str, *, scope: str, exclude: tuple[str, ...], limit: int) -> list[Hit]:
        hits = self._engine.suggest(prefix, scope=scope, exclude=exclude, limit=limit)
        self.asked.append(Suggestion(prefix, scope, exclude, limit))
        self.answered &= bool(hits)
        return hits

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)
