"""One target: an account at one of the API's addresses, and how to walk its backups."""

from typing import Final, Literal

from msgspec import Struct

from exporter.config.credentials import Credential, Secret, check_api_key
from exporter.config.duration import Duration, Timeout
from exporter.config.exclusion import Exclusion
from exporter.config.number import Concurrency, Count, Share
from exporter.config.statuses import Statuses
from exporter.config.url import ProxyUrl, Url
from exporter.errors import ConfigError
from exporter.validation import FilePath, Text

DEFAULT_URL: Final = "https://api.spo1.mycloud.com"
CREDENTIAL_KEYS: Final = ("api_key", "api_key_file", "token", "token_file")
SIZE_UNITS: Final = {
    "bytes": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
"""The bytes of each unit."""
SizeUnit = Literal["bytes", "KB", "MB", "GB", "KiB", "MiB", "GiB", "auto"]
ChainMode = Literal["auto", "follow", "ignore"]
Tier = Literal["auto", "standard", "professional", "enterprise", "unlimited"]


class TlsConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How the API's certificate is verified, and which client certificate is sent.

    :param ca_file: CAs in PEM, instead of Mozilla's (certifi's list).
    :param cert_file: the client certificate in PEM; it may hold the key as well.
    :param key_file: its key in PEM.
    :param insecure_skip_verify: accept any certificate, and so send the key to any server that answers.
    """

    ca_file: FilePath | None = None
    cert_file: FilePath | None = None
    key_file: FilePath | None = None
    insecure_skip_verify: bool = False

    def __post_init__(self) -> None:
        if self.key_file and not self.cert_file:
            raise ConfigError("needs a cert_file as well", key="key_file")


class ExpectedInstance(Struct, frozen=True, forbid_unknown_fields=True):
    """A database that must have backups.

    :param id: the instance's id.
    :param name: instead of the API's.
    :param datastore_type: such as `postgresql`, if the API does not list it.
    """

    id: Text
    name: Text | None = None
    datastore_type: Text | None = None


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one target; exactly one of the four credentials is set.

    :param name: unique; in logs and metrics, and the value of `/probe?target=`.
    :param url: the API's address, without `/v1`; the host name contains the region.
    :param api_key: a service account's `ACCESS_KEY_ID:SECRET_ACCESS_KEY`.
    :param api_key_file: a file with the key on one line; re-read at every walk.
    :param token: an OAuth token instead of a key.
    :param token_file: a file with the token on one line; re-read at every walk.
    :param page_size: the `limit` of each request; `auto` requests 1000, and fewer if the API refuses.
    :param max_concurrency: requests in flight during one walk; the first walk sends one at a time.
    :param scrape_timeout: the time limit of a scrape whose scraper sends none.
    :param request_timeout: of one request, from name resolution to the last byte of the response.
    :param min_walk_interval: between two walks; scrapes in between get the last snapshot. `0`: every scrape
        walks.
    :param stale_after: how long scrapes get the last snapshot while walks fail. `0`: never.
    :param size_unit: the unit of the API's sizes, which the vendor does not document; `auto` decides by the
        sizes of each walk.
    :param tls_config: how the API's certificate is verified.
    :param proxy_url: instead of `http_proxy`, `https_proxy` and `all_proxy`; kept as a secret, because it may
        hold a password.
    :param api_tier: the API's plan, which determines the hourly budget; `auto` infers it from the limit per
        minute.
    :param budget_share: the part of the API's budget that this exporter may use.
    :param instances: whether to list the databases too, every ten minutes at most. `auto` stops if the first
        request is refused (403, 404) although the API lists backups; `on` reports that as a failure.
    :param expected_instances: databases that must have backups, listed or not.
    :param exclude: backups and databases that no metric but `bycloud_scrape_excluded_backups` shows.
    :param chains: which backups need their parent to be restored. `auto`: all but Cinder snapshots, whose
        `location_ref` is `cinder://…`; `follow`: all; `ignore`: none.
    :param max_backups: the account's quota of backups.
    :param statuses: what each status of a backup means.
    """

    name: Text
    url: Url = Url(DEFAULT_URL)
    api_key: Secret | None = None
    api_key_file: FilePath | None = None
    token: Secret | None = None
    token_file: FilePath | None = None
    page_size: Count | Literal["auto"] = "auto"
    max_concurrency: Concurrency = 4
    scrape_timeout: Timeout = Timeout(30)
    request_timeout: Timeout = Timeout(10)
    min_walk_interval: Duration = Duration(0)
    stale_after: Duration = Duration(300)
    size_unit: SizeUnit = "bytes"
    tls_config: TlsConfig = TlsConfig()
    proxy_url: ProxyUrl | None = None
    api_tier: Tier = "auto"
    budget_share: Share = 0.5
    instances: Literal["auto", "on", "off"] = "auto"
    expected_instances: tuple[ExpectedInstance, ...] = ()
    exclude: tuple[Exclusion, ...] = ()
    chains: ChainMode = "auto"
    max_backups: Count | None = None
    statuses: Statuses = Statuses()

    def __post_init__(self) -> None:
        given = [key for key in CREDENTIAL_KEYS if getattr(self, key)]
        if len(given) != 1:
            raise ConfigError(
                found=" and ".join(given) or "no credential",
                allowed=f"exactly one of {', '.join(CREDENTIAL_KEYS)}",
            )
        if self.api_key:
            check_api_key(self.api_key)

    @property
    def credential(self) -> Credential:
        """The one credential that is configured."""
        if source := self.api_key or self.api_key_file:
            return Credential("api_key", source, self.name)
        source = self.token or self.token_file
        assert source is not None  # noqa: S101 - checked when the target was made
        return Credential("token", source, self.name)

    @property
    def bytes_per_unit(self) -> int | None:
        """How many bytes one unit of the API's sizes has, as configured; `None`: the sizes decide."""
        return None if self.size_unit == "auto" else SIZE_UNITS[self.size_unit]
