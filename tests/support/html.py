"""A page of HTML, read as its visitors read it."""

import re
from functools import cached_property
from html.parser import HTMLParser


class Page(HTMLParser):
    """The tags, texts and links of a page.

    :param html: the whole page.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.hrefs: list[str] = []
        self.feed(html)
        self.close()

    def __repr__(self) -> str:
        return f"Page({self.text!r})"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its link."""
        self.tags.append(tag)
        self.hrefs += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.append(data)

    @cached_property
    def text(self) -> str:
        """The text, escaped as it is in the page, without tags and runs of space."""
        return _text(re.sub(r"<style>.*?</style>", "", self.html, flags=re.DOTALL))

    @property
    def heading(self) -> str:
        """The text of the first heading."""
        return _text(*re.findall(r"<h1[^>]*>(.*?)</h1>", self.html, re.DOTALL))

    @property
    def rows(self) -> list[str]:
        """The text of each table row."""
        return [_text(row) for row in re.findall(r'<tr>\s*<th scope="row">.*?</tr>', self.html, re.DOTALL)]

    def link(self, text: str) -> str:
        """Return the target of the only link of this text."""
        (target,) = re.findall(rf'<a href="([^"]*)">{re.escape(text)}</a>', self.html)
        return str(target)


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
