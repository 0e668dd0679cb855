"""The templates of the pages, and the headers of their responses."""

from base64 import b64encode
from hashlib import sha256
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from exporter import __version__
from exporter.durations import format_duration
from exporter.moments import format_moment
from exporter.web.links import database_link, probe_link

_environment = Environment(
    loader=PackageLoader("exporter.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"duration": format_duration, "time": format_moment}
_environment.globals |= {"version": __version__, "database_link": database_link, "probe_link": probe_link}
_STYLE: Final = _environment.get_template("style.css").render()
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Allows the pages' own style sheet and nothing else: https://www.w3.org/TR/CSP3/."""

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",  # the pages name databases
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The headers of a page's response."""


def render(template: str, **context: object) -> str:
    """Return a page as HTML; every value is escaped.

    :param context: the values that the template names.
    """
    return _environment.get_template(template).render(context)
