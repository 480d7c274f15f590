"""Keeps secrets of requests out of logs: query strings, user-info, tokens, and what a source sent."""

import logging
import re

_RULES = (
    (re.compile(r"(?<=://)[^\s/@\"']+@"), ""),
    (re.compile(r"(unparsed data: ).*", re.DOTALL), r"\1..."),
    (re.compile(r"\?[^\s\"'<>)]*"), "?..."),
    (re.compile(r"\b(bearer|basic|token)\s+[A-Za-z0-9+/=._~-]+", re.IGNORECASE), r"\1 ..."),
    (
        re.compile(
            r"\b([A-Za-z_-]*(?:token|secret|password|api[_-]?key|authorization))(['\"]?\s*[=:]\s*)['\"]?[^\s'\",;}]+['\"]?", re.IGNORECASE
        ),
        r"\1\2...",
    ),
)


def redact(text: str) -> str:
    """`text` without query strings, user names in URLs, bearer tokens and values of secret-looking names."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class RedactingFilter(logging.Filter):
    """Redacts the message of every record that passes; arguments and traceback are gone after that, so no handler can print them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: records are changed, none is dropped."""
        record.msg = redact(record.getMessage())
        record.args = ()
        record.exc_info = None
        record.exc_text = None
        return True


_FILTER = RedactingFilter()


def redact_logger(name: str) -> None:
    """Put the filter on the logger `name`, once. It does not reach child loggers, so name each one that writes."""
    logging.getLogger(name).addFilter(_FILTER)
