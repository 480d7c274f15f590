"""The embedded engine: a tantivy index in files below one folder, one writing process and any number of readers."""

from indexer.engines.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
