"""Tests of `exporter.metrics.credentials`."""

from prometheus_client import CollectorRegistry

from exporter.metrics.credentials import CredentialCollector
from tests.support.scrape_results import NOW


def test_a_credential_that_expires_has_a_sample() -> None:
    """A credential that does not say when it expires has none."""
    registry = CollectorRegistry(auto_describe=True)
    registry.register(CredentialCollector(lambda: {"token": NOW, "key": None}))

    assert registry.get_sample_value(CredentialCollector.NAME, {"target": "token"}) == NOW
    assert registry.get_sample_value(CredentialCollector.NAME, {"target": "key"}) is None


def test_without_expiries_there_is_no_family() -> None:
    """Its name is described in advance."""
    collector = CredentialCollector(lambda: {"key": None})

    assert list(collector.collect()) == []
    assert [family.name for family in collector.describe()] == [CredentialCollector.NAME]
    assert repr(collector) == "CredentialCollector(['key'])"
