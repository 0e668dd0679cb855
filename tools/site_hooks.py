"""Hooks of mkdocs: pages from outside of docs/, links to other files, and the list of runbooks."""

import posixpath
import re
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
SOURCES: Final = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "security-policy.md": "SECURITY.md",
}
"""Pages of the site that are not in docs/, with their files."""
RUNBOOKS: Final = "Alerts and runbooks"
LINK: Final = re.compile(r"(\]\()([^)#:\s]+)([#)])")
FENCE: Final = re.compile(r"^( *```.*?^ *```$)", re.MULTILINE | re.DOTALL)


class BrokenLinkError(Exception):
    """A page links to a file that does not exist."""


def rewritten(markdown: str, source: str, repository: str) -> str:
    """Return a page with links that lead somewhere in the site; code blocks stay as they are.

    :param source: the page's file, relative to the repository.
    :param repository: the URL of the repository's files, for those that are no pages.
    :raises BrokenLinkError: a link leads to no file of the repository.
    """

    def replace(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))
        if not (ROOT / path).exists():
            raise BrokenLinkError(f"{source}: {match[2]} does not exist")
        return match[1] + _address(path, _page_of(source), repository) + match[3]

    parts = FENCE.split(markdown)
    return "".join(part if FENCE.fullmatch(part) else LINK.sub(replace, part) for part in parts)


def _page_of(source: str) -> str:
    """Return the path of a file in the site."""
    pages = {file: page for page, file in SOURCES.items()}
    return pages.get(source) or source.removeprefix("docs/")


def _address(path: str, page: str, repository: str) -> str:
    if path.startswith("docs/") or path in SOURCES.values():
        return posixpath.relpath(_page_of(path), posixpath.dirname(page) or ".")
    return f"{repository}/blob/main/{path}"


def on_config(config: Any) -> Any:  # noqa: ANN401 - mkdocs has no types here: it is in .venv-docs only
    """Add the runbooks to the navigation."""
    runbooks = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
    for section in config["nav"]:
        if RUNBOOKS in section:
            section[RUNBOOKS] += [{page.stem: f"runbooks/{page.name}"} for page in runbooks]
    return config


def on_files(files: Any, config: Any) -> Any:  # noqa: ANN401
    """Add the pages that are not in docs/."""
    from mkdocs.structure.files import (  # type: ignore[import-not-found] # noqa: PLC0415 - not in .venv
        File,
    )

    for page, source in SOURCES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:  # noqa: ANN401
    """Rewrite a page's links."""
    name = page.file.src_uri
    return rewritten(markdown, SOURCES.get(name, f"docs/{name}"), config["repo_url"])
