"""Reading a page in tests: strict about nesting and ids, since browsers repair what screen readers then stumble over."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

VOID: Final = frozenset({"meta", "link", "input", "br", "img", "hr"})
CLOSED: Final = frozenset({"path", "circle", "rect"})


@dataclass
class Element:
    """One element with its own and its descendants' text."""

    tag: str
    attributes: dict[str, str]
    inside: tuple[str, ...]
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.stack: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(open_.tag for open_ in self.stack))
        self.elements.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in CLOSED | VOID, f"<{tag}/> does not close an HTML element"
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, tuple(open_.tag for open_ in self.stack)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack[-1].tag == tag, f"</{tag}> closes <{self.stack[-1].tag}>"
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        for element in self.stack:
            element.pieces.append(data)


class Document:
    """A parsed page. Raises AssertionError for wrong nesting, ids that occur twice and references to ids that do not exist."""

    def __init__(self, page: str) -> None:
        reader = _Reader()
        reader.feed(page)
        reader.close()
        assert not reader.stack, f"not closed: {[element.tag for element in reader.stack]}"
        self.elements = reader.elements
        ids = [element.attributes["id"] for element in self.elements if "id" in element.attributes]
        assert len(ids) == len(set(ids)), f"ids occur twice: {sorted(name for name in ids if ids.count(name) > 1)}"
        for element in self.elements:
            for name in ("for", "aria-labelledby", "aria-describedby"):
                for wanted in element.attributes.get(name, "").split():
                    assert wanted in ids, f"{name}={wanted} leads nowhere"

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements of a tag with these attributes; `class_` is one class among others."""
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        kind = wanted.pop("class", "")
        return [
            element
            for element in self.elements
            if element.tag == tag
            and (not kind or kind in element.classes)
            and all(element.attributes.get(name.replace("_", "-")) == value for name, value in wanted.items())
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        """The only such element."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of <{tag}> with {attributes}"
        return found[0]

    def texts(self, tag: str, **attributes: str) -> list[str]:
        return [element.text for element in self.all(tag, **attributes)]

    @property
    def title(self) -> str:
        """The title of the page, not that of a picture."""
        (found,) = [element for element in self.all("title") if element.inside == ("html", "head")]
        return found.text

    def links(self) -> dict[str, str]:
        """Address by text of all links."""
        return {element.text: element.attributes["href"] for element in self.all("a")}

    def boxes(self) -> dict[tuple[str, str], Element]:
        """Check boxes by name and value; each occurs once."""
        found = self.all("input", type="checkbox")
        keyed = {(box.attributes["name"], box.attributes["value"]): box for box in found}
        assert len(keyed) == len(found), "a check box occurs twice"
        return keyed
