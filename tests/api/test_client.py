"""Requests of walks, on real sockets against the embedded API's faults."""

from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
import structlog

from exporter.api import BACKUPS
from exporter.config import SizeUnit, Timeout
from exporter.errors import ApiError, Reason
from exporter.simulator import Quirks, Request, bulk_backups
from exporter.simulator.http.wire import Json
from tests.support.client_rig import KEY, MakeRig
from tests.support.faults import (
    CannedReply,
    CutBody,
    DripBody,
    DripHeaders,
    ErrorBody,
    Fault,
    FaultyApi,
    HangBeforeHeaders,
    HangInBody,
    Malform,
    Raw,
    Reset,
    Rewrite,
    WrongLength,
)
from tests.support.programs import refusing_port
from tests.support.started import StartedThreads


def second_page(request: Request) -> bool:
    """Return whether a request is for a page after the first."""
    return "marker" in request.query


def claim_more(body: Json) -> Json:
    """Return a page as an empty one that claims more."""
    return body | {"database_backups": [], "meta": {"has_more": True}}


LOOP = b"""{"database_backups": [{"id": "x", "status": "COMPLETED", "created_at": "2026-01-01T00:00:00Z"}],
"meta": {"has_more": true}}"""


DEAD = {
    "401": (ErrorBody(401, "who are you?"), Reason.AUTH, 1),
    "403": (ErrorBody(403, "not yours"), Reason.FORBIDDEN, 1),
    "404": (ErrorBody(404, "no such page"), Reason.CLIENT_ERROR, 1),
    "409": (ErrorBody(409, "conflict"), Reason.CLIENT_ERROR, 1),
    "422": (ErrorBody(422, "cannot"), Reason.CLIENT_ERROR, 1),
    "429": (CannedReply(429), Reason.RATE_LIMITED, 1),
    "429 with Retry-After": (CannedReply(429, {"Retry-After": "7"}), Reason.RATE_LIMITED, 1),
    "500": (ErrorBody(500, "oh no"), Reason.SERVER_ERROR, 3),
    "502": (CannedReply(502), Reason.SERVER_ERROR, 3),
    "501": (CannedReply(501), Reason.SERVER_ERROR, 1),
    "503 with HTML": (
        CannedReply(503, {"Content-Type": "text/html"}, b"<h1>sorry</h1>"),
        Reason.SERVER_ERROR,
        3,
    ),
    "cut body": (CutBody(300), Reason.CONNECTION, 3),
    "wrong length": (WrongLength(100), Reason.CONNECTION, 3),
    "reset in the body": (Reset(300), Reason.CONNECTION, 3),
    "garbage": (Raw(b"\x00\x01 this is not HTTP\r\n\r\n"), Reason.CONNECTION, 3),
    "wrong encoding": (CannedReply(200, {"Content-Encoding": "gzip"}, b"not gzip"), Reason.BAD_RESPONSE, 1),
    "no JSON": (CannedReply(200, {}, b"<html>"), Reason.BAD_RESPONSE, 1),
    "no object": (CannedReply(200, {}, b"[]"), Reason.BAD_RESPONSE, 1),
    "no list": (CannedReply(200, {}, b"{}"), Reason.BAD_RESPONSE, 1),
    "204": (CannedReply(204), Reason.BAD_RESPONSE, 1),
    "deep JSON": (CannedReply(200, {}, b"[" * 100_000 + b"]" * 100_000), Reason.BAD_RESPONSE, 1),
    "empty page that claims more": (Rewrite(claim_more), Reason.PAGINATION, 1),
    "hang before the headers": (HangBeforeHeaders(), Reason.TIMEOUT, 1),
    "hang in the body": (HangInBody(300), Reason.TIMEOUT, 1),
    "drip in the headers": (DripHeaders(0.05), Reason.TIMEOUT, 1),
    "drip in the body": (DripBody(0.05), Reason.TIMEOUT, 1),
}


@pytest.mark.parametrize(("fault", "reason", "requests"), DEAD.values(), ids=DEAD)
def test_every_failure_is_an_api_error_with_its_reason(
    api: FaultyApi, rig: MakeRig, fault: Fault, reason: Reason, requests: int
) -> None:
    """A permanent fault on the first page has its reason and as many requests as the retry rules allow."""
    made = rig(api.url, request_timeout=Timeout(0.4 if reason is Reason.TIMEOUT else 5))
    api.faults.add(fault, times=None)

    outcome = made.walk(20)

    assert outcome.snapshot is None
    assert outcome.error is not None
    assert outcome.error.reason is reason
    assert outcome.stats.requests == requests == len(made.observer.codes)
    assert len(made.observer.retries) == requests - 1
    assert "\n" not in str(outcome.error)
    assert "demo-secret" not in str(outcome.error)


def test_a_marker_loop_fails_the_walk(api: FaultyApi, rig: MakeRig) -> None:
    """A page that leads to itself ends the walk after a bounded number of requests."""
    api.faults.add(CannedReply(200, {}, LOOP), times=None)

    outcome = rig(api.url).walk(20)

    assert outcome.error is not None
    assert outcome.error.reason is Reason.PAGINATION
    assert outcome.stats.requests == 3


def test_a_page_that_always_fails_fails_the_walk(api: FaultyApi, rig: MakeRig) -> None:
    """Two of three pages are no snapshot."""
    made = rig(api.url)
    api.faults.add(ErrorBody(500), times=None, when=second_page)

    outcome = made.walk(20)

    assert outcome.snapshot is None
    assert outcome.stats.pages == 1


@pytest.mark.parametrize("quirks", [Quirks(dead_marker=each) for each in ("error", "empty", "start")])
def test_a_marker_deleted_during_the_walk_is_bypassed(rig: MakeRig, quirks: Quirks) -> None:
    """It works with each of the three ways in which an API may respond to a dead marker."""
    listed = bulk_backups(45, 6)
    with FaultyApi(backups=listed, quirks=quirks) as api:

        def delete(body: Json) -> Json:
            api.backups = tuple(backup for backup in listed if backup.id != listed[19].id)
            return body

        api.faults.add(Rewrite(delete))
        outcome = rig(api.url).walk(20)

    assert outcome.snapshot is not None
    assert outcome.snapshot.summary.backups == 45


def test_an_error_carries_the_apis_message_and_request_id(api: FaultyApi, rig: MakeRig) -> None:
    """Message, details, status and `request_id` are as the vendor documents them."""
    api.faults.add(ErrorBody(403, "not yours", "ask an admin"))

    error = rig(api.url).failure()

    assert error.message == "not yours: ask an admin"
    assert error.status == 403
    assert error.request_id is not None
    assert error.request_id.startswith("req-")


@pytest.mark.parametrize("echo", [KEY, "demo-secret", f"key={KEY}\n  and {KEY}"])
def test_an_error_masks_a_secret_that_the_api_echoes(api: FaultyApi, rig: MakeRig, echo: str) -> None:
    """An API that quotes the credential does not get it into logs."""
    api.faults.add(ErrorBody(401, f"bad {echo}"))

    error = rig(api.url).failure()

    assert "***" in error.message
    assert "demo-secret" not in error.message
    assert "\n" not in error.message


def test_an_error_masks_a_secret_in_the_request_id(api: FaultyApi, rig: MakeRig) -> None:
    """The request id is logged too."""
    body = b'{"error": {"message": "no", "request_id": "req-demo:demo-secret"}}'
    api.faults.add(CannedReply(401, {}, body))

    assert rig(api.url).failure().request_id == "req-***"


def test_an_error_is_short(api: FaultyApi, rig: MakeRig) -> None:
    """A long message is cut."""
    api.faults.add(ErrorBody(500, "x" * 10_000), times=None)

    assert len(rig(api.url).failure().message) == 300


def test_an_error_holds_no_records(api: FaultyApi, rig: MakeRig) -> None:
    """A traceback would keep its frames and their records alive."""
    api.faults.add(ErrorBody(403), when=second_page)

    assert rig(api.url).failure().__traceback__ is None


def test_a_walk_past_its_deadline_sends_nothing(api: FaultyApi, rig: MakeRig) -> None:
    """It fails with `timeout`."""
    error = rig(api.url).failure(seconds=-1)

    assert error.reason is Reason.TIMEOUT
    assert api.requests == []


def test_a_walk_of_many_pages_ends_at_its_deadline(rig: MakeRig) -> None:
    """Each page is in time, but not all of them."""
    with FaultyApi(backups=bulk_backups(400, 2), latency=0.1) as api:
        outcome = rig(api.url).walk(0.55)

    assert outcome.error is not None
    assert outcome.error.reason is Reason.TIMEOUT
    assert outcome.stats.requests < 20


def test_no_request_is_sent_before_retry_after(api: FaultyApi, rig: MakeRig) -> None:
    """After a 429 the next walk sends no request until then, and its error says why."""
    made = rig(api.url)
    api.faults.add(CannedReply(429, {"Retry-After": "60"}))
    made.walk(20)

    error = made.failure(seconds=20)

    assert error.reason is Reason.RATE_LIMITED
    assert len(api.requests) == 1
    assert "allows no request for another" in error.message


def test_limits_are_read_from_every_response(rig: MakeRig) -> None:
    """Errors report the limits too."""
    with FaultyApi(backups=bulk_backups(5, 1), tier="professional", api_key="other:key") as api:
        made = rig(api.url)
        made.walk(20)

    assert made.budget.minute_limit == 300


def test_a_refused_connection_costs_no_budget(rig: MakeRig) -> None:
    """All three attempts of the walk are uncounted."""
    with refusing_port() as port:
        made = rig(f"http://127.0.0.1:{port}", api_tier="standard")
        made.failure()

    assert made.observer.codes == ["connection"] * 3
    assert made.budget.hour_remaining == made.budget.hour_share


def test_a_failed_handshake_costs_no_budget(api: FaultyApi, rig: MakeRig) -> None:
    """The API speaks no TLS on that port."""
    made = rig(api.url.replace("http:", "https:"), api_tier="standard")
    made.failure()

    assert made.budget.hour_remaining == made.budget.hour_share


@pytest.mark.parametrize("fault", [Reset(0), HangBeforeHeaders(), Raw(b"")], ids=repr)
def test_a_sent_request_counts(api: FaultyApi, rig: MakeRig, fault: Fault) -> None:
    """The API may have counted it, although its response never arrived."""
    made = rig(api.url, api_tier="standard", request_timeout=Timeout(0.4))
    api.faults.add(fault, times=None)
    made.failure()

    assert made.budget.hour_share is not None
    assert made.budget.hour_remaining == made.budget.hour_share - len(made.observer.codes)


def test_a_rotated_credential_is_read_at_the_next_walk(api: FaultyApi, rig: MakeRig, tmp_path: Path) -> None:
    """`api_key_file` is read for every walk; the error says if it cannot be read."""
    file = tmp_path / "key"
    file.write_text("old:wrong-key\n")
    made = rig(api.url, api_key=None, api_key_file=file)
    before = made.failure()
    file.write_text(KEY + "\n")
    after = made.walk(20)
    file.unlink()
    gone = made.failure()

    assert before.status == 401
    assert after.snapshot is not None
    assert gone.reason is Reason.AUTH
    assert gone.message == f"target default: api_key_file: cannot read {file}: No such file or directory"


def test_concurrent_walks_of_an_unchanged_list_cost_its_pages(
    started: StartedThreads, api: FaultyApi, rig: MakeRig
) -> None:
    """All walks have the same result, and no thread outlives a walk."""
    made = rig(api.url, max_concurrency=4)
    cold, *warm = (made.walk(20) for _ in range(3))
    started.join("fetch")

    assert len(api.requests) == 9
    assert all(outcome.stats.requests == 3 for outcome in warm)
    assert cold.snapshot
    assert [o.snapshot and o.snapshot.summary for o in warm] == [cold.snapshot.summary] * 2
    assert started.named("fetch")


def test_a_closed_client_sends_nothing(api: FaultyApi, rig: MakeRig) -> None:
    """A request after `close` fails with `timeout`."""
    client = rig(api.url).api.walk_client(30)
    client.close()

    with pytest.raises(ApiError) as failure:
        client.fetch_page(BACKUPS, None, 20)

    assert failure.value.reason is Reason.TIMEOUT
    assert api.requests == []


def test_malformed_records_are_counted_and_logged_with_their_position(api: FaultyApi, rig: MakeRig) -> None:
    """The rest of the page counts."""
    api.faults.add(Malform({2: {"id": "x"}, 3: None}), when=second_page)
    made = rig(api.url)
    with structlog.testing.capture_logs() as logs:
        outcome = made.walk(20)

    assert outcome.snapshot is not None
    assert outcome.snapshot.malformed == 2
    assert outcome.snapshot.summary.backups == 43
    assert [line["event"] for line in logs if line.get("data_warning") == "malformed"] == [
        (
            "2 malformed records left out of all metrics; the first: record 23:"
            " Object missing required field `status`"
        )
    ]


@pytest.mark.parametrize(("unit", "data_warnings"), [("bytes", 1), ("GiB", 0)])
def test_a_doubt_about_the_size_unit_is_logged_once(
    api: FaultyApi, rig: MakeRig, unit: SizeUnit, data_warnings: int
) -> None:
    """Sizes too small for bytes are logged at the first walk only."""
    made = rig(api.url, size_unit=unit)
    with structlog.testing.capture_logs() as logs:
        made.walk(20)
        made.walk(20)

    assert sum("look like GiB" in line["event"] for line in logs) == data_warnings


def test_a_request_after_its_target_was_removed_fails_with_that_reason(api: FaultyApi, rig: MakeRig) -> None:
    """A reload closes the API client while a walk may still be in progress."""
    made = rig(api.url, api_tier="standard")
    client = made.api.walk_client(30)
    made.api.close()

    with pytest.raises(ApiError, match="the target was removed or reconfigured during the walk"):
        client.fetch_page(BACKUPS, None, 20)

    assert made.budget.hour_remaining == 1_000
    assert api.requests == []


def test_repr_shows_progress_without_the_credential(api: FaultyApi, rig: MakeRig) -> None:
    """A debugger or a log may show a client."""
    made = rig(api.url)
    client = made.api.walk_client(30)
    client.fetch_page(BACKUPS, None, 20)

    assert repr(made.api) == "ApiClient('default', is_closed=False)"
    assert repr(client) == (
        "WalkClient('default', _Counts(requests=1, pages=1), _WalkTime(seconds=30, is_ended=False))"
    )
    assert repr(made.api.transport) == "HttpTransport('default')"


def test_the_expiry_is_that_of_the_credential_last_read(rig: MakeRig, tmp_path: Path) -> None:
    """The credential is re-read at each walk; one that cannot be read changes nothing."""
    file = tmp_path / "token"
    made = rig("http://127.0.0.1:1", token_file=file)
    expiries = [made.api.credential_expiry]
    for claims in (b'{"exp":1767225600}', b'{"exp":1767229200}', b"{}"):
        file.write_text(f"aGVhZA.{urlsafe_b64encode(claims).rstrip(b'=').decode()}.c2ln", encoding="utf-8")
        made.api.walk_client(1.0)
        expiries.append(made.api.credential_expiry)
        file.unlink()
        with pytest.raises(ApiError):
            made.api.walk_client(1.0)
        expiries.append(made.api.credential_expiry)

    assert expiries == [None, 1767225600.0, 1767225600.0, 1767229200.0, 1767229200.0, None, None]
