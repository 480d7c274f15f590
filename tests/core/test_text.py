import re
import unicodedata
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from directory.core.errors import Invalid
from directory.core.text import clean_html, clean_line, clean_text, plain

LIMIT = 100_000

STORABLE = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
ODD = "\t\n\r\v\f\x1f\x85\xa0\u2028\u2029\u200b\u200d\u202e\u0301\u0338\u0f73\u1100\u1161\ue000\ufeff<>&;=\u037e\u212b"
MESSY = st.text(STORABLE | st.sampled_from(ODD), max_size=60)
ELEMENTS = (
    "<p> </p> <br> <BR/> <ul> </ul> <ol> <li> </li> <b> </b> <em> </em> <strong> </strong> <div> </div> <table><tr><td> <td> </table>"
)
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<svg><style><a title='</style><img src=x onerror=1>'>",
    "<math><mtext>",
    "<a href='javascript:alert(1)'>",
    "<a href='java&#x200b;script:alert(1)'>",
    "<a href='https://example.org/\n\u202e x\u212b'>",
    "<a href='https://example.org/?a=1&b=2'>",
    "<p onclick=x>",
    "<style>p{}",
]
FRAGMENTS = "<h2 class=x> </h2> </a> <a href=/x> <!-- x --> <!-- <plaintext> <textarea> <noscript> <foo> & < > \" ' x"
REFERENCES = "&lt;script&gt; &#0; &#1; &#x202e; &#xd800; &#x338; &amp; &nbsp; \u0338 \u0301 \u0f73 \u1100 \u1161"
PIECES = st.sampled_from([*ELEMENTS.split(), *HOSTILE, *FRAGMENTS.split(), *REFERENCES.split(), " ", "\n", "\n\n"])
MARKUP = st.lists(PIECES | MESSY, max_size=14).map("".join)


class Form(HTMLParser):
    """Collects what a browser could act on."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs


def assert_storable(text: str) -> None:
    text.encode("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert not [c for c in text if unicodedata.category(c) in {"Cc", "Co", "Cs"} and c != "\n"]
    assert not re.search("[\u200b\u202a-\u202e\u2066-\u2069\ufeff]", text)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Ingrid Okonjo-Vale", "Ingrid Okonjo-Vale"),
        ("  Ingrid \t\r\n Okonjo-Vale\u00a0", "Ingrid Okonjo-Vale"),
        ("Jose\u0301", "Jos\u00e9"),
        ("a\x07b\x1b[0m", "ab[0m"),
        ("e\x01\u0301", "\u00e9"),
        ("admin\u202egnp", "admingnp"),
        ("soft\u00adhyphen \ufeffmark \ue000hit\ue001", "softhyphen mark hit"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("\u2003\u3000", ""),
        ("", ""),
    ],
)
def test_line_examples(raw: str, clean: str) -> None:
    assert clean_line(raw, 200) == clean


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("\n\n one  line \n \t\n\n\ntwo\n", "one line\n\ntwo"),
        ("one\u2029two\u2028three", "one\n\ntwo\nthree"),
        ("plain", "plain"),
    ],
)
def test_text_examples(raw: str, clean: str) -> None:
    assert clean_text(raw, 200) == clean


@pytest.mark.parametrize("clean", [clean_line, clean_text, clean_html])
@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("ab\0c", "The text holds a NUL character at position 2"),
        ("\u00e9\0", "The text holds a NUL character at position 1"),
        ("a\ud800b", "The text holds half of a surrogate pair at position 1"),
        ("<p>\udfff", "The text holds half of a surrogate pair at position 3"),
        ("x" * 31, None),
        ("<" * 31, None),
        (" " * 121, "The text has 121 characters; at most 30 are allowed"),
    ],
)
def test_unusable_text_is_refused(clean: Callable[[str, int], str], raw: str, message: str | None) -> None:
    with pytest.raises(Invalid) as refusal:
        clean(raw, 30)
    if message:
        assert str(refusal.value) == message
    else:
        assert str(refusal.value).endswith("; at most 30 are allowed")


def test_limit_counts_the_cleaned_text() -> None:
    assert clean_line("  " + "x" * 30 + "  ", 30) == "x" * 30
    assert clean_html("<div style='color:red'><p>" + "x" * 23 + "</p></div>", 30) == "<p>" + "x" * 23 + "</p>"


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("I help residents.", "<p>I help residents.</p>"),
        ("One.\n\nTwo,\nthree.\n", "<p>One.</p><p>Two,<br>three.</p>"),
        ("R&D, p < 0.05 & <ingrid@example.org>", "<p>R&amp;D, p &lt; 0.05 &amp; &lt;ingrid@example.org&gt;</p>"),
        ("R&amp;D in&nbsp;Nebraska &#8212; &quot;yes&quot;", '<p>R&amp;D in Nebraska \u2014 "yes"</p>'),
        ("&lt;script&gt;x", "<p>&lt;script&gt;x</p>"),
        ("<script src=x", "<p>&lt;script src=x</p>"),
        ("<p>One</p> <p>Two <b>three </b>four<br></p><p> </p>", "<p>One</p><p>Two <strong>three</strong> four</p>"),
        ("<div>a<div>b</div></div>c", "<p>a</p><p>b</p><p>c</p>"),
        ("<h2>Work</h2>I <i>write</i><br><br>often", "<p>Work</p><p>I <em>write</em></p><p>often</p>"),
        ("<ul>x<li>a<ul><li>b</ul>c<li><p>d</p><p>e</p></ul>f", "<ul><li>x</li><li>a</li><li>b</li><li>c</li><li>d<br>e</li></ul><p>f</p>"),
        ("<ol><li>a</li></ol><ul><li></li></ul>", "<ol><li>a</li></ol>"),
        ("<strong>a<p>b</p></strong>", "<p><strong>a</strong></p><p><strong>b</strong></p>"),
        ("<b><strong>a</strong></b><strong>b</strong>", "<p><strong>ab</strong></p>"),
        ("<li>loose", "<p>loose</p>"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "<p>a b</p><p>c</p>"),
        (
            "<a href='http://example.org/?a=1&b=2' onclick=x target=_blank>Lab</a>",
            '<p><a href="http://example.org/?a=1&amp;b=2" rel="nofollow noopener noreferrer">Lab</a></p>',
        ),
        ("<a href='javascript:alert(1)'>a</a><a href='/x'>b</a><a href='mailto:x@example.org'>c</a>", "<p>abc</p>"),
        ("<script>alert(1)</script><style>p{}</style><img src=x onerror=alert(1)>", ""),
        ("<p>&#0;&#1;&#x202e;x", "<p>\ufffdx</p>"),
        ("<p>\u0338x", "<p>x</p>"),
        ("<p>\u0f73x", "<p>x</p>"),
        ("\u0338", ""),
        ("  ", ""),
    ],
)
def test_html_examples(raw: str, stored: str) -> None:
    assert clean_html(raw, 2000) == stored


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("One.\n\nTwo,\nthree.", "One.\n\nTwo,\nthree."),
        ("<ul><li>a &lt; b<li>R&amp;D</ul>c", "a < b\nR&D\n\nc"),
        ("&amp;lt;", "&lt;"),
        ("<a href='https://example.org/?q=\"&gt;'>Lab</a>", "Lab"),
        ("\u1100<b>\u1161</b>", "\uac00"),
        ("", ""),
    ],
)
def test_plain_examples(raw: str, text: str) -> None:
    assert plain(clean_html(raw, 2000)) == text


@given(MESSY)
def test_lines_and_texts_are_storable_and_stable(raw: str) -> None:
    line, text = clean_line(raw, LIMIT), clean_text(raw, LIMIT)
    assert_storable(line)
    assert_storable(text)
    assert "\n" not in line
    assert "\n\n\n" not in text
    assert line.split() == text.split()
    assert clean_line(line, LIMIT) == line
    assert clean_text(text, LIMIT) == text


@given(MARKUP)
@example("<p>&#x338;")
@example("<p>\u0f73")
@example("a<b></b>\u0301")
@example("\u1100<b></b>\u1161")
@example("<<b>script>alert(1)<</b>/script>")
def test_html_is_safe_storable_and_stable(raw: str) -> None:
    html = clean_html(raw, LIMIT)
    assert_storable(html)
    assert "\n" not in html
    form = Form()
    form.feed(html)
    form.close()
    assert form.tags <= {"p", "br", "ul", "ol", "li", "strong", "em", "a"}
    for name, value in form.attributes:
        assert name in {"href", "rel"}
        if name == "href":
            assert re.match(r"https?://\S*$", value or "")
    assert clean_html(html, LIMIT) == html
    assert not html or html.startswith(("<p>", "<ul>", "<ol>"))
    assert_storable(plain(html))


@given(MESSY.filter(lambda text: not set("<>&") & set(text)))
def test_plain_text_comes_back_from_its_stored_form(raw: str) -> None:
    text = clean_text(raw, LIMIT)
    if not any(unicodedata.combining(line[0]) for line in text.split("\n") if line):
        assert plain(clean_html(raw, LIMIT)) == text


def test_hostile_nesting_is_read_in_linear_time() -> None:
    assert clean_html("<b>" * 20_000 + "x", 20_000) == "<p><strong>x</strong></p>"
    assert clean_html("<ul><li>" * 8_000 + "x", 20_000) == "<ul><li>x</li></ul>"
    assert clean_html("<p>" + "\u0301" * 79_000 + "x", 20_000) == "<p>x</p>"
