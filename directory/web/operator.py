"""How readers reach whoever runs this directory, as far as the operator says so."""

import re
from dataclasses import dataclass
from typing import Final

MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)
PAGE: Final = re.compile(r"https?://[^\s\"<>]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Contact:
    """What the operator stated. `address` is what a link can lead to; empty where the text is neither mail nor page."""

    text: str
    address: str


def contact(stated: str) -> Contact | None:
    """The setting `[web] contact` for the pages; None without one."""
    text = stated.strip()
    if not text:
        return None
    if MAIL.fullmatch(text):
        return Contact(text, f"mailto:{text}")
    return Contact(text, text if PAGE.fullmatch(text) else "")
