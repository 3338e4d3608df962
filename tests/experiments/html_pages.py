"""A page of HTML as a reader of screens goes through it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

# Elements without an end.
VOID = {"meta", "img", "br", "link", "input", "hr"}
HEADINGS = {f"h{i}" for i in range(1, 7)}


@dataclass
class Element:
    tag: str
    attributes: dict
    inside: list = field(default_factory=list)  # what it stands in, outermost first
    text: str = ""

    def __getitem__(self, name):
        return self.attributes.get(name)


class Page(HTMLParser):
    """All elements in order, each with its text; an error where one is not closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(set(names)) == len(names), (tag, names)
        element = Element(tag, dict(attributes), [*self._open])
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        assert self._open.pop().tag == tag, (tag, self.getpos())

    def handle_data(self, data):
        for element in self._open:
            element.text += data

    def all(self, tag):
        return [element for element in self.elements if element.tag == tag]

    def by_id(self, name):
        (found,) = [element for element in self.elements if element["id"] == name]
        return found
