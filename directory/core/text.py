"""Text as it is stored: one line, paragraphs, or the sanitized HTML of a bio.

Every result is NFC, can be encoded as UTF-8, and holds no NUL, no other control character (paragraphs keep "\\n"), no invisible
or bidirectional format character and no private use character (highlights use two of them as markers). Cleaning a result again
changes nothing.

NUL and lone surrogates are refused, not removed: PostgreSQL can't store the first and UTF-8 can't encode the second, and both
mean that the sender's export is broken. Too long a text is refused as well, because a cut would look like the person's own words.
"""

import re
from html import escape, unescape
from typing import Final
from unicodedata import combining, normalize

import nh3

from directory.core.errors import Invalid

_RAW_FACTOR: Final = 4
"""How much longer than its limit a raw text may be (markup and spaces shrink) before it is refused unread."""

_REFUSED = re.compile("[\0\ud800-\udfff]")
_DROPPED = re.compile(
    r"[\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060-\u2064\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffc\ufffe\uffff"
    r"\ue000-\uf8ff\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)
_BLANK_LINES = re.compile(r"\n{3,}")

_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ELEMENT = re.compile(
    r"<!--|<!doctype\b|</?(?:a|abbr|address|article|aside|audio|b|base|big|blockquote|body|br|button|caption|center|cite|code|col|dd|del|details"
    r"|dfn|div|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd"
    r"|label|legend|li|link|main|map|mark|marquee|math|menu|meta|nav|noscript|o:p|object|ol|option|p|picture|plaintext|pre|q|s|samp|script"
    r"|section|select|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|title|tr|tt|u"
    r"|ul|var|video|xmp)(?=[\s/>])[^<>]*>",
    re.IGNORECASE,
)
_TOKEN = re.compile(r'<(/?)([a-z0-9]+)(?: href="([^"]*)")?>')

_INLINE: Final = {"strong": "strong", "b": "strong", "em": "em", "i": "em", "a": "a"}
_LISTS: Final = frozenset({"ul", "ol"})
_CELLS: Final = frozenset({"td", "th"})
_BLOCKS: Final = frozenset(
    {"p", "div", "section", "article", "header", "footer", "main", "aside", "address", "blockquote", "pre", "figure", "figcaption"}
    | {"table", "caption", "tr", "dl", "dt", "dd", "hr", "h1", "h2", "h3", "h4", "h5", "h6"}
)
# Elements beyond the eight of the stored form are let through only to be read as paragraph or cell borders: `_Body` writes none of them.
_SANITIZER = nh3.Cleaner(
    tags=set(_BLOCKS | _CELLS | _LISTS | {"li", "br"} | set(_INLINE)),
    attributes={"a": {"href"}},
    link_rel=None,
    url_schemes={"http", "https"},
    url_relative="deny",
)

_LINE_END = re.compile(r"<br>|</li>")
_BLOCK_END = re.compile(r"</(?:p|ul|ol)>")
_STORED_TAG = re.compile(r'</?[a-z]+(?: [a-z]+="[^"]*")*>')


def _too_long(length: int, limit: int) -> Invalid:
    return Invalid(f"The text has {length} characters; at most {limit} are allowed", allowed=(f"at most {limit} characters",))


def _fit(text: str, limit: int) -> str:
    if len(text) > limit:
        raise _too_long(len(text), limit)
    return text


def _scrub(text: str, limit: int) -> str:
    """Refuses what can't be stored, drops what nobody can see. Printable ASCII, by far the most, comes back as it is."""
    if len(text) > _RAW_FACTOR * limit:
        raise _too_long(len(text), limit)
    if text.isascii() and text.isprintable():
        return text
    if refused := _REFUSED.search(text):
        kind = "a NUL character" if refused[0] == "\0" else "half of a surrogate pair"
        raise Invalid(f"The text holds {kind} at position {refused.start()}", allowed=("Unicode text without NUL",))
    return _DROPPED.sub("", text)


def _compose(text: str) -> str:
    return text if text.isascii() else normalize("NFC", text)


def clean_line(text: str, limit: int) -> str:
    """One line of at most `limit` characters; white space of any kind becomes single spaces. Raises Invalid (see the module)."""
    return _fit(" ".join(_compose(_scrub(text, limit)).split()), limit)


def clean_text(text: str, limit: int) -> str:
    """Lines and paragraphs of at most `limit` characters; paragraphs are one empty line apart. Raises Invalid (see the module)."""
    text = _compose(_scrub(text, limit)).replace("\u2029", "\n\n")
    text = "\n".join([" ".join(line.split()) for line in text.splitlines()])
    return _fit(_BLANK_LINES.sub("\n\n", text).strip("\n"), limit)


def clean_html(text: str, limit: int) -> str:
    """The stored form of a bio, at most `limit` characters with its markup; always sanitized HTML, whatever came in.

    The result is a sequence of `<p>`, `<ul>` and `<ol>` that holds text, `<br>`, `<strong>`, `<em>`, `<li>` and `<a>` with an
    http(s) address, and nothing else. Text without any HTML element is taken as plain text: escaped, a `<p>` per paragraph, a
    `<br>` per line; character references such as `&amp;` are resolved in it, because exports often carry them.
    Raises Invalid (see the module).
    """
    text = _scrub(text, limit)
    if "<" in text and _ELEMENT.search(text):
        # Composing before parsing would damage tags: ">" and U+0338 are one character in NFC.
        html = _compose(_canonical(_SANITIZER.clean(text)))
    else:
        if "&" in text:
            text = _REFERENCE.sub(lambda found: unescape(found[0]), text)
        html = _paragraphs(clean_text(text, _RAW_FACTOR * limit))
    return _fit(html, limit)


def plain(html: str) -> str:
    """The readable text of a stored bio (a result of `clean_html`), for the index and for cards: lines and paragraphs, no markup."""
    if "<" in html:
        html = _BLOCK_END.sub("\n\n", _LINE_END.sub("\n", html))
        html = _BLANK_LINES.sub("\n\n", _STORED_TAG.sub("", html)).strip("\n")
    return _compose(unescape(html))


def _unmarked(text: str) -> str:
    """Without leading white space and combining marks, which would compose with the end of a tag."""
    if text.isascii():
        return text.lstrip()
    at = 0
    while at < len(text) and (text[at].isspace() or combining(text[at])):
        at += 1
    return text[at:]


def _paragraphs(text: str) -> str:
    if not text:
        return ""
    if "&" in text or "<" in text or ">" in text:
        text = escape(text, quote=False)
    if not text.isascii():
        text = "\n".join([_unmarked(line) for line in text.split("\n")]).strip("\n")
        text = _BLANK_LINES.sub("\n\n", text)
    return "<p>" + text.replace("\n\n", "</p><p>").replace("\n", "<br>") + "</p>" if text else ""


def _canonical(html: str) -> str:
    """Rebuilds the output of the sanitizer from the eight elements, so that one content has one form."""
    if not (html.isascii() and html.isprintable()):
        html = _DROPPED.sub("", html)  # character references may have brought control characters back
    body = _Body()
    pieces = _TOKEN.split(html.replace("&nbsp;", " "))
    body.write(pieces[0])
    for at in range(1, len(pieces), 4):
        slash, tag, href, text = pieces[at : at + 4]
        body.mark(tag, href or "", closing=bool(slash))
        if text:
            body.write(text)
    return body.finish()


class _Body:
    """Writes blocks one after the other. Blocks, lists and inline elements open when text arrives, so that none is ever empty."""

    __slots__ = ("_block", "_depth", "_gap", "_list", "_list_open", "_open", "_parts", "_wanted")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._block = ""
        self._list = ""
        self._list_open = False
        self._depth = 0
        self._gap = ""
        self._wanted: list[str] = []
        self._open: list[str] = []

    def write(self, text: str) -> None:
        """Escaped text between two tags."""
        text = _compose(text)
        rest = _unmarked(text)
        if text[:1].isspace():
            self._space()
        if not rest:
            return
        if not self._block:
            self._start_block()
        self._open_inline()
        self._parts.append(" ".join(rest.split()))
        if rest[-1].isspace():
            self._space()

    def mark(self, tag: str, href: str, *, closing: bool) -> None:
        """A tag of the sanitizer's output; the address is escaped already."""
        if tag in _INLINE:
            if closing:
                self._wanted.pop()
            else:
                self._wanted.append(_opening(_INLINE[tag], href))
        elif tag == "br":
            self._break_line()
        elif tag in _CELLS:
            self._space()
        elif tag in _LISTS:
            self._nest(tag, closing=closing)
        elif tag == "li" or not self._depth:
            self._end_block()
        else:
            self._gap = "<br>" if self._block else ""

    def finish(self) -> str:
        self._end_block()
        return "".join(self._parts)

    def _space(self) -> None:
        if self._block and not self._gap:
            self._gap = " "

    def _break_line(self) -> None:
        if self._gap == "<br>" and self._block == "p":
            self._end_block()
        elif self._block:
            self._gap = "<br>"

    def _nest(self, tag: str, *, closing: bool) -> None:
        """Lists within lists are flattened into the outermost one."""
        self._end_block()
        self._depth += -1 if closing else 1
        if not closing and self._depth == 1:
            self._list = tag
        elif not self._depth and self._list_open:
            self._parts.append(f"</{self._list}>")
            self._list_open = False

    def _start_block(self) -> None:
        if self._depth and not self._list_open:
            self._parts.append(f"<{self._list}>")
            self._list_open = True
        self._block = "li" if self._depth else "p"
        self._parts.append(f"<{self._block}>")

    def _end_block(self) -> None:
        if self._block:
            self._close_inline(0)
            self._parts.append(f"</{self._block}>")
        self._block = self._gap = ""

    def _open_inline(self) -> None:
        wanted = [mark for mark in dict.fromkeys(self._wanted) if mark]
        same = 0
        while same < min(len(wanted), len(self._open)) and wanted[same] == self._open[same]:
            same += 1
        self._close_inline(same)
        self._parts.append(self._gap)
        self._gap = ""
        self._parts.extend(wanted[same:])
        self._open = wanted

    def _close_inline(self, keep: int) -> None:
        for mark in reversed(self._open[keep:]):
            self._parts.append("</a>" if mark.startswith("<a ") else f"</{mark[1:]}")
        del self._open[keep:]


def _opening(name: str, href: str) -> str:
    if name != "a":
        return f"<{name}>"
    if not href.startswith(("https://", "http://")):
        return ""
    return f'<a href="{"%20".join(href.split())}" rel="nofollow noopener noreferrer">'
