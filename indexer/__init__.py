"""From outbox to engine: the index document, the worker, rebuild and verify, and the engines."""
