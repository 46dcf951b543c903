"""A page as the tests read it."""

from html.parser import HTMLParser


class Document(HTMLParser):
    """Every element with its attributes and the text directly within."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def all(self, tag, **wanted):
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and all(attributes.get(key) == value for key, value in wanted.items())
        ]

    def bubbles(self):
        return [one for one in self.all("article") if one["class"].startswith("bubble")]

    def replies(self):
        return [one for one in self.all("article") if one["class"].startswith("reply")]
