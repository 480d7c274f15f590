"""The Elasticsearch engine, for more than one machine: versioned indexes behind an alias, any number of writing and reading processes."""

from indexer.engines.elasticsearch.connection import Address
from indexer.engines.elasticsearch.engine import ElasticsearchEngine

__all__ = ["Address", "ElasticsearchEngine"]
