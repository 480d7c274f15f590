"""Generations: one index each, named `ALIAS-000001` and so on, behind the alias of the settings.

`ALIAS-000002.build` is an alias that an index has while it is built. Whatever is written goes through an alias, so that a write that
comes too late finds nothing and can't bring an index back to life. Indexes that this program did not make are never touched.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from elasticsearch import ApiError, BadRequestError, NotFoundError

from directory.core.errors import Conflict, Unavailable
from indexer.engines.elasticsearch.connection import Session
from indexer.engines.elasticsearch.errors import IN_THE_WAY, OPERATOR, OTHER_LAYOUT, kinds_of
from indexer.engines.elasticsearch.mapping import OWNER, Spec, fits, mappings, settings
from indexer.engines.first import NO_INDEX

FIRST_TRIES: Final = 5
STARTING: Final = 0.05
"""Seconds between two looks at an index that starts."""

Meta = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Serving:
    """The index behind the alias, and what it was built for (empty fingerprints when this program did not make it)."""

    name: str
    spec: Spec


class Generations:
    """The indexes of one alias. `replicas` is the number of copies beside the first that a serving index has."""

    def __init__(self, alias: str, *, spec: str, layout: str, replicas: int) -> None:
        self.alias = alias
        self._spec = spec
        self._layout = layout
        self._replicas = replicas

    def serving(self, session: Session) -> Serving | None:
        """The one that serves, None before the first. Raises Unavailable when the alias leads to several or is none."""
        try:
            found = session.client.indices.get_mapping(index=self.alias).body
        except NotFoundError as error:
            if "index_not_found_exception" in kinds_of(error):
                return None
            raise
        self._check_alias(found)
        if len(found) > 1:
            raise Unavailable("The alias of the search index leads to several indexes: run `mentors index rebuild`.", retry_after=OPERATOR)
        return next((Serving(name, _spec(index["mappings"])) for name, index in found.items()), None)

    def usable(self, session: Session) -> Serving:
        """The one that serves, if this code can read it. Raises Unavailable."""
        found = self.serving(session)
        if found is None:
            raise Unavailable(NO_INDEX, retry_after=OPERATOR)
        if found.spec.layout != self._layout:
            raise Unavailable(OTHER_LAYOUT, retry_after=OPERATOR)
        return found

    def create_first(self, session: Session) -> None:
        """An empty generation that serves, unless another process was quicker.

        Who finds no index with the alias takes the next free number, so that of two processes one fails and looks again.
        """
        for _ in range(FIRST_TRIES):
            indexes = self._indexes(session)
            if any(self.alias in index["aliases"] for index in indexes.values()):
                return
            spec = Spec(self._spec, self._layout, secrets.token_hex(16))
            if self._create(session, _next(self.alias, indexes), self.alias, spec, building=False):
                return
        raise Unavailable(NO_INDEX, retry_after=OPERATOR)

    def await_start(self, session: Session) -> None:
        """Wait until an index that may have been made a moment ago can be searched: its alias is there before its shard has started."""
        while True:
            try:
                session.client.count(index=self.alias)
            except ApiError as error:
                if error.status_code != 503:
                    raise
                time.sleep(STARTING)
            else:
                return

    def start(self, session: Session) -> str:
        """A new, empty generation that is not served. Rebuilds that were killed are removed, and one that still runs is stopped by that.

        Raises Conflict when another rebuild starts at the same moment.
        """
        indexes = self._indexes(session)
        self._check_alias(indexes)
        current = [index for index in indexes.values() if self.alias in index["aliases"]]
        for name, index in indexes.items():
            if index not in current and _number(self.alias, name) and _is_own(index["mappings"]):
                session.client.options(ignore_status=404).indices.delete(index=name)
        key = next((_spec(index["mappings"]).key for index in current), "") or secrets.token_hex(16)
        name = _next(self.alias, indexes)
        if not self._create(session, name, build_alias(name), Spec(self._spec, self._layout, key), building=True):
            raise Conflict("Another rebuild of the search index has started.")
        return name

    def finish(self, session: Session, name: str) -> None:
        """Make everything durable and visible, and set the index up to serve."""
        session.client.indices.put_settings(index=name, settings=settings_of(self._replicas))
        session.client.indices.flush(index=name)
        session.client.indices.refresh(index=name)

    def serve(self, session: Session, name: str) -> None:
        """Let a generation serve, in one step with the removal of the one before, which holds people who have withdrawn since.

        Raises Conflict when another process has swapped or has removed this generation.
        """
        holders = {found: index for found, index in self._indexes(session).items() if self.alias in index["aliases"]}
        actions: list[dict[str, Any]] = [
            {"remove_index": {"index": holder}}
            if _is_own(index["mappings"])
            else {"remove": {"index": holder, "alias": self.alias, "must_exist": True}}
            for holder, index in holders.items()
        ]
        actions.append({"remove": {"index": name, "alias": build_alias(name), "must_exist": True}})
        actions.append({"add": {"index": name, "alias": self.alias}})
        try:
            session.client.indices.update_aliases(actions=actions)
        except NotFoundError:
            raise Conflict("Another process has changed the generations of the search index.") from None

    def remove(self, session: Session, name: str) -> None:
        """Delete a generation that does not serve; nothing happens when it is gone already."""
        index = self._indexes(session).get(name)
        if index is not None and self.alias not in index["aliases"]:
            session.client.options(ignore_status=404).indices.delete(index=name)

    def _check_alias(self, indexes: Mapping[str, Any]) -> None:
        if self.alias in indexes:
            raise Unavailable(IN_THE_WAY, retry_after=OPERATOR)

    def _create(self, session: Session, name: str, alias: str, spec: Spec, *, building: bool) -> bool:
        """Whether it was made; somebody else's index of that name is left alone."""
        try:
            session.client.indices.create(
                index=name,
                aliases={alias: {}},
                mappings=mappings(spec),
                settings=settings(self._replicas, building=building),
                wait_for_active_shards=1,
            )
        except BadRequestError as error:
            if "resource_already_exists_exception" in kinds_of(error):
                return False
            raise
        return True

    def _indexes(self, session: Session) -> dict[str, Any]:
        """All with a name of ours or with the alias, as of one moment: their aliases and mappings."""
        found = session.client.indices.get(
            index=f"{self.alias},{self.alias}-*", allow_no_indices=True, ignore_unavailable=True, features="aliases,mappings"
        )
        return dict(found.body)


def build_alias(name: str) -> str:
    """The alias that a generation has while it is built."""
    return f"{name}.build"


def settings_of(replicas: int) -> dict[str, Any]:
    """What changes when a generation starts to serve."""
    made = settings(replicas, building=False)
    return {name: value for name, value in made.items() if name not in ("number_of_shards", "analysis")}


def _next(alias: str, indexes: Mapping[str, Any]) -> str:
    return f"{alias}-{max((_number(alias, name) for name in indexes), default=0) + 1:06d}"


def _number(alias: str, name: str) -> int:
    tail = name.removeprefix(f"{alias}-")
    return int(tail) if tail.isdecimal() else 0


def _is_own(mapping: Meta) -> bool:
    return bool(mapping.get("_meta", {}).get("owner") == OWNER)


def _spec(mapping: Meta) -> Spec:
    meta = mapping.get("_meta", {}) if _is_own(mapping) else {}
    spec, layout, key = (str(meta.get(name, "")) for name in ("spec", "layout", "key"))
    return Spec(spec, layout if fits(mapping) else "", key)
