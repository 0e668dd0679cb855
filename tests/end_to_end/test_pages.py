"""The pages of the demo, as a visitor follows their links."""

from urllib.parse import urljoin, urlsplit

import requests

from tests.support.demo import Demo
from tests.support.html import Page


def fetch(url: str) -> Page:
    """Return a page; fail if there is none."""
    response = requests.get(url, timeout=60)
    response.raise_for_status()
    return Page(response.text)


def test_every_database_has_a_page(demo: Demo) -> None:
    """All links of the landing page lead somewhere, those of databases to a page of their name and back."""
    requests.get(f"{demo.exporter}/metrics", timeout=60).raise_for_status()
    root = f"{demo.exporter}/"
    links = {urljoin(root, href) for href in fetch(root).hrefs if href.startswith("./")}
    databases = {link for link in links if "/databases/" in link}
    pages = {link: fetch(link) for link in databases}

    assert {backup["instance_id"] for backup in demo.backups() if backup["instance_id"]} <= {
        link.rpartition("/")[2] for link in databases
    }
    assert {requests.get(link, timeout=60).status_code for link in links - databases} == {200}
    for link, page in pages.items():
        assert {urljoin(link, href) for href in page.hrefs if not urlsplit(href).netloc} == {root}
        assert page.heading
