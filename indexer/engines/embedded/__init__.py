"""The embedded engine: a tantivy index in files below one folder, one writing process and any number of readers."""

from indexer.engines.embedded.engine import EmbeddedEngine
from indexer.engines.embedded.pairs import values_of

__all__ = ["EmbeddedEngine", "values_of"]
