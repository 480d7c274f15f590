"""Logging: one line per event on standard error, with ids and counts only."""

import logging
import sys
from typing import Final

NOISY: Final = ("urllib3", "requests", "elastic_transport", "alembic", "authlib")
"""Libraries that log addresses or bodies; kept at warnings."""


def configure_logging(level: str) -> None:
    """Set up logging of a process once."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
