import logging

import pytest

from connectors.redaction import redact, redact_logger


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing to hide at https://feed.example.org/a", "nothing to hide at https://feed.example.org/a"),
        ("GET https://feed.example.org/a?key=hush HTTP/1.1", "GET https://feed.example.org/a?... HTTP/1.1"),
        ("url='/a?key=hush&b=c'", "url='/a?...'"),
        ("https://ann:hush@feed.example.org/", "https://feed.example.org/"),
        ("https://hush@feed.example.org/", "https://feed.example.org/"),
        ("Authorization: Bearer hush.hush-hush", "Authorization: ... ..."),
        ("sent bearer hush=", "sent bearer ..."),
        ("api_key=hush, client_secret: hush", "api_key=..., client_secret: ..."),
        ('{"access_token": "hush"}', '{"access_token": ...}'),
        ("Failed to parse headers: unparsed data: 'hush\nhush'", "Failed to parse headers: unparsed data: ..."),
    ],
)
def test_secrets_are_replaced(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(shown) == shown


def test_filter_changes_message_arguments_and_traceback(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("test_redaction")
    redact_logger("test_redaction")
    redact_logger("test_redaction")
    assert len(logger.filters) == 1
    try:
        raise LookupError("hush")
    except LookupError:
        logger.exception("asked %s for page %d", "https://feed.example.org/?key=hush", 2)
    (record,) = caplog.records
    assert record.getMessage() == "asked https://feed.example.org/?... for page 2"
    assert "hush" not in caplog.text
