"""TLS and proxy settings of a target's requests, from the configuration and the environment."""

import os
import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import requests
from requests.utils import select_proxy

from exporter.config import ProxyUrl, Target
from exporter.errors import ConfigError
from exporter.redaction import userinfo


def request_settings(session: requests.Session, target: Target) -> Mapping[str, Any]:
    """Return arguments for each `session.send`.

    A session's own settings would yield to the environment's; these take precedence.

    :raises ConfigError: if the environment names a malformed proxy.
    """
    tls = target.tls_config
    proxy = target.proxy_url.reveal() if target.proxy_url else None
    proxies = {"http": proxy, "https": proxy} if proxy else {}
    verify = False if tls.insecure_skip_verify else str(tls.ca_file or "") or True
    cert_file, key_file = (str(path or "") for path in (tls.cert_file, tls.key_file))
    cert = (cert_file, key_file) if key_file else cert_file or None
    url = _normalized(target.url)
    merged = session.merge_environment_settings(url, proxies, stream=True, verify=verify, cert=cert)
    _check_proxy(url, merged["proxies"])
    return merged


def proxy_logins(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the `user:password` of every proxy, and the parts that a URL parser may cut it into."""
    for proxy in settings["proxies"].values():
        if login := userinfo(proxy):
            yield from (login, *re.split("[#/?]", login))


def _check_proxy(url: str, proxies: MutableMapping[str, str]) -> None:
    """Check the proxy that the environment names for `url`, and add the scheme if it has none.

    :raises ConfigError: names the variable but not the proxy, which may contain a password.
    """
    proxy = select_proxy(url, proxies)
    if not proxy:
        return
    key = next(key for key, value in proxies.items() if value == proxy)
    try:
        has_scheme = "://" in proxy or proxy.lower().startswith(("http:", "https:"))
        proxies[key] = ProxyUrl(proxy if has_scheme else f"http://{proxy}").reveal()
    except ConfigError as error:
        names = (f"{key}_proxy", f"{key}_proxy".upper())
        name = next((name for name in names if os.environ.get(name) == proxy), names[0])
        raise error.within(source="environment", key=name) from None


def _normalized(url: str) -> str:
    """Return a URL as requests spells it, to match `NO_PROXY`; a URL that it refuses fails later."""
    try:
        return requests.Request("GET", url).prepare().url or url
    except requests.RequestException:
        return url
