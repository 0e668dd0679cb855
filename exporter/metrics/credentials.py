"""When the targets' credentials expire."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class CredentialCollector(Collector):
    """Collects when each target's credential expires.

    :param expiries: returns the expiry in Unix seconds by target name; `None` if the credential has none.
    """

    NAME: Final = "bycloud_api_credential_expiry_timestamp_seconds"
    HELP: Final = (
        "When the credential expires, as a Unix timestamp: the `exp` of a token that is a JWT, as last read."
        " No sample for other credentials."
    )

    def __init__(self, expiries: Callable[[], Mapping[str, float | None]]) -> None:
        self._expiries = expiries

    def __repr__(self) -> str:
        return f"CredentialCollector({sorted(self._expiries())})"

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Return the family without samples."""
        yield GaugeMetricFamily(self.NAME, self.HELP, labels=["target"])

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the family, or nothing if no credential says when it expires."""
        (family,) = self.describe()
        for target, expiry in self._expiries().items():
            if expiry is not None:
                family.add_metric([target], expiry)
        if family.samples:
            yield family
