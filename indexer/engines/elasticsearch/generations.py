"""Generations: one index each, named `ALIAS-000001` and so on, behind the alias of the settings.

`ALIAS-000002.build-5f2a9c` is an alias that an index has while it is built, another one for each rebuild that works at it. Whatever is
written goes through an alias, so that a write that comes too late finds nothing, and can't bring an index back to life or reach one
that a later rebuild goes on with. Indexes that this program did not make are never touched.
"""

import secrets
import time
from collections.abc import Mapping, Sequence
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

BUILD: Final = ".build-"
OTHER_REBUILD: Final = "Another rebuild of the search index has started."

Meta = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Serving:
    """The index behind the alias, and what it was built for (empty fingerprints when this program did not make it)."""

    name: str
    spec: Spec


@dataclass(frozen=True, slots=True)
class Build:
    """An index under construction, the alias that its present rebuild writes through, and whether an earlier one began it."""

    name: str
    alias: str
    resumed: bool


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

    def start(self, session: Session) -> Build:
        """The newest rebuild for the same spec that was killed, or a new, empty generation; all others that do not serve are deleted.

        A rebuild that still runs is stopped by that. Raises Conflict when another one starts at the same moment.
        """
        indexes = self._indexes(session)
        self._check_alias(indexes)
        key = next((_spec(index["mappings"]).key for index in indexes.values() if self.alias in index["aliases"]), "")
        left = [name for name, index in indexes.items() if self._is_left(name, index)]
        fitting = [name for name in left if self._fits(name, indexes[name], key)]
        kept = max(fitting, key=lambda name: _number(self.alias, name), default="")
        for name in left:
            if name != kept:
                session.client.options(ignore_status=404).indices.delete(index=name)
        if kept:
            return self._take_over(session, kept, _build_aliases(kept, indexes[kept]))
        name = _next(self.alias, indexes)
        build = Build(name, _new_build_alias(name), resumed=False)
        if not self._create(session, name, build.alias, Spec(self._spec, self._layout, key or secrets.token_hex(16)), building=True):
            raise Conflict(OTHER_REBUILD)
        return build

    def finish(self, session: Session, build: Build) -> None:
        """Make everything durable and visible, and set the index up to serve."""
        session.client.indices.put_settings(index=build.alias, settings=_changeable(self._replicas, building=False))
        session.client.indices.flush(index=build.alias)
        session.refresh()

    def serve(self, session: Session, build: Build) -> None:
        """Let a generation serve, in one step with the removal of the one before, which holds people who have withdrawn since.

        Raises Conflict when another process has swapped, or has removed or taken over this generation.
        """
        holders = {found: index for found, index in self._indexes(session).items() if self.alias in index["aliases"]}
        actions: list[dict[str, Any]] = [
            {"remove_index": {"index": holder}}
            if _is_own(index["mappings"])
            else {"remove": {"index": holder, "alias": self.alias, "must_exist": True}}
            for holder, index in holders.items()
        ]
        actions.append({"remove": {"index": build.name, "alias": build.alias, "must_exist": True}})
        actions.append({"add": {"index": build.name, "alias": self.alias}})
        try:
            session.client.indices.update_aliases(actions=actions)
        except NotFoundError:
            raise Conflict("Another process has changed the generations of the search index.") from None

    def remove(self, session: Session, build: Build) -> None:
        """Delete a generation that is still under construction; nothing happens when it serves, is gone or was taken over."""
        index = self._indexes(session).get(build.name)
        if index is not None and build.alias in index["aliases"]:
            session.client.options(ignore_status=404).indices.delete(index=build.name)

    def _is_left(self, name: str, index: Meta) -> bool:
        return self.alias not in index["aliases"] and bool(_number(self.alias, name)) and _is_own(index["mappings"])

    def _fits(self, name: str, index: Meta, key: str) -> bool:
        """Whether a rebuild would make the same index. Without a serving one nobody has a cursor yet, so that any key will do."""
        found = _spec(index["mappings"])
        same = (found.spec, found.layout, key or found.key) == (self._spec, self._layout, found.key)
        return same and bool(_build_aliases(name, index))

    def _take_over(self, session: Session, name: str, aliases: Sequence[str]) -> Build:
        """Give it an alias that the rebuild before does not know. Raises Conflict when another process was quicker.

        The block waits for writes that are under way: none of a rebuild that was killed arrives behind what this one looks at.
        """
        build = Build(name, _new_build_alias(name), resumed=True)
        actions: list[dict[str, Any]] = [{"remove": {"index": name, "alias": alias, "must_exist": True}} for alias in aliases]
        try:
            session.client.indices.update_aliases(actions=[*actions, {"add": {"index": name, "alias": build.alias}}])
        except NotFoundError:
            raise Conflict(OTHER_REBUILD) from None
        session.client.indices.add_block(index=name, block="write")
        opened = {**_changeable(self._replicas, building=True), "blocks.write": None}
        session.client.indices.put_settings(index=name, settings=opened)
        return build

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


def _new_build_alias(name: str) -> str:
    return f"{name}{BUILD}{secrets.token_hex(3)}"


def _build_aliases(name: str, index: Meta) -> list[str]:
    return [alias for alias in index["aliases"] if alias.startswith(f"{name}{BUILD}")]


def _changeable(replicas: int, *, building: bool) -> dict[str, Any]:
    """The settings that an index may be given later."""
    made = settings(replicas, building=building)
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
