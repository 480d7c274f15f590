"""The settings under which the product's programs run over one store: which engine, and where they listen."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from directory.bootstrap import Parts, build, settle
from directory.settings import load_settings, with_environment
from directory.store import schema

EMBEDDED: Final = "embedded"
ELASTICSEARCH: Final = "Elasticsearch"


@dataclass(frozen=True)
class Installation:
    """`own` are its settings as variables of the environment."""

    engine: str
    listen: str
    own: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """For programs that work in it."""
        return with_environment(self.own)

    def with_workers(self, count: int) -> "Installation":
        """The same with so many server processes."""
        return replace(self, own={**self.own, "MENTORS_WEB_WORKERS": str(count)})

    @contextmanager
    def parts(self) -> Iterator[Parts]:
        """Parts that read the index; the worker process writes it."""
        built = build(load_settings(self.own), read_only_engine=True)
        try:
            if schema.pending(built.store):
                schema.upgrade(built.store)
            settle()
            yield built
        finally:
            built.close()
