"""Logging: one line per event on standard error, with ids and counts only."""

import logging
import sys
import traceback
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


def passed(error: BaseException) -> str:
    """The lines of code that an unforeseen error passed; never its text, which may hold what was read or typed."""
    return "".join(traceback.format_tb(error.__traceback__))
