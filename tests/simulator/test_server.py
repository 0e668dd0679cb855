"""The API as a client sees it, over a real socket."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from requests import Session

from exporter.simulator import Quirks, SimulatedApi, bulk_backups, bulk_instances
from tests.simulator.conftest import Dial, Fetch

BACKUPS = "/v1/database-backups"


def test_a_page_of_backups(api: SimulatedApi, fetch: Fetch) -> None:
    """A page has the records in order, and the request is logged."""
    response = fetch(limit=2)
    records = bulk_backups(45, 6)

    assert [record["id"] for record in response.json()["database_backups"]] == [r.id for r in records[:2]]
    assert api.requests[0].method == "GET"
    assert api.requests[0].path == BACKUPS
    assert api.requests[0].query == {"limit": "2"}
    assert api.requests[0].headers["x-api-key"] == "demo:demo-secret"
    assert api.requests[0].at > 0


def test_one_record_by_its_id(fetch: Fetch) -> None:
    """A single record has a key of its own in each collection."""
    backup, instance = bulk_backups(45, 6)[0].id, bulk_instances(6)[0].id

    assert fetch(f"{BACKUPS}/{backup}").json()["database_backup"]["id"] == backup
    assert fetch(f"/v1/database-instances/{instance}").json()["database_instance"]["id"] == instance
    assert fetch(f"{BACKUPS}/gone").status_code == 404


def test_instances_may_be_unknown(api: SimulatedApi, fetch: Fetch) -> None:
    """Without instances their endpoint is a 404."""
    listed = fetch("/v1/database-instances")
    api.instances = None

    assert len(listed.json()["database_instances"]) == 6
    assert fetch("/v1/database-instances").status_code == 404
    assert fetch("/v1/database-backups-too").json()["error"]["code"] == 404


def test_other_methods_are_refused(api: SimulatedApi, session: Session) -> None:
    """Other methods are refused and keep the connection; HEAD has no body."""
    statuses = [session.request(m, api.url + BACKUPS, timeout=5).status_code for m in ("POST", "HEAD", "GET")]

    assert statuses == [405, 405, 200]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-Api-Key": "demo:wrong"}, 401),
        ({"Authorization": "demo-token"}, 401),
        ({"Authorization": "Bearer demo-token"}, 200),
        ({"X-Api-Key": "demo:demo-secret"}, 200),
    ],
)
def test_credentials(api: SimulatedApi, headers: dict[str, str], status: int) -> None:
    """Only the right key or token is accepted."""
    with Session() as session:
        response = session.get(api.url + BACKUPS, headers=headers, timeout=5)

    assert response.status_code == status


def test_rate_limits(session: Session) -> None:
    """Every reply has the rate limit headers; a refused one has Retry-After."""
    with SimulatedApi(tier="standard", clock=lambda: 90.0) as api:
        responses = [session.get(f"{api.url}/v1/{n}", timeout=5) for n in range(61)]

    assert responses[0].headers["X-RateLimit-Remaining"] == "59"
    assert responses[60].status_code == responses[60].json()["error"]["code"] == 429
    assert responses[60].headers["Retry-After"] == "30"
    assert responses[60].headers["X-RateLimit-Reset"] == "120"


def test_compression_is_a_quirk(api: SimulatedApi, fetch: Fetch) -> None:
    """A client that accepts gzip gets it, unless a quirk turns it off."""
    compressed = fetch()
    api.quirks = Quirks(gzip=False)
    plain = fetch()

    assert compressed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert compressed.json() == plain.json()


@pytest.mark.parametrize("wrap", [lambda records: records, lambda records: lambda: records])
def test_records_can_be_replaced(
    api: SimulatedApi, fetch: Fetch, wrap: Callable[[object], tuple[()]]
) -> None:
    """Records may be replaced by others, or by a function that returns the current ones."""
    before = fetch().json()["meta"]["total"]
    api.backups = wrap(bulk_backups(3, 1))

    assert before == 45
    assert fetch().json()["meta"]["total"] == 3


def test_the_request_log_can_be_disabled(session: Session) -> None:
    """Without a request log, requests are not kept; the latency still applies."""
    with SimulatedApi(request_log=False, latency=0.001) as api:
        response = session.get(api.url + BACKUPS, timeout=5)

    assert response.elapsed.total_seconds() >= 0.001
    assert api.requests == []


def test_a_client_can_leave_during_the_latency(api: SimulatedApi, dial: Dial) -> None:
    """A client that leaves during the latency is not waited for."""
    api.latency = 60
    client = dial("GET")
    client.shutdown(socket.SHUT_WR)

    assert client.recv(1) == b""


def test_tls(session: Session, tmp_path: Path) -> None:
    """With a TLS context the API speaks HTTPS."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with SimulatedApi(backups=bulk_backups(3, 1), ssl_context=context) as api:
        response = session.get(api.url + BACKUPS, timeout=5, verify=str(tmp_path / "ca.pem"))

    assert api.url.startswith("https://")
    assert response.json()["meta"]["total"] == 3


def test_its_representation_hides_the_credentials() -> None:
    """The representation shows the URL and the lists, not the key or the token."""
    with SimulatedApi(api_key="id:hidden", token="hidden-token", request_log=False) as api:
        shown = repr(api)

    assert shown.startswith(f"SimulatedApi({api.url!r}, Catalog(")
    assert "hidden" not in shown
