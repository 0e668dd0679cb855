"""The states of the list of instances."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ApiError, Reason
from exporter.records import Instance
from exporter.target.instance_state import (
    UNAVAILABLE,
    Failing,
    InstanceListState,
    Listed,
    Off,
    Refused,
    Unknown,
)

LIST = {"one": Instance("one")}
REFUSAL = ApiError(Reason.FORBIDDEN, "not for you", status=403)
OUTAGE = ApiError(Reason.SERVER_ERROR, "down", status=500)


def test_the_mode_off_requests_nothing() -> None:
    """Neither a reload nor a walk of the backups turns it on."""
    state = InstanceListState("off")
    state.forget_refusal()
    state.settle(has_backups=True)

    assert state.current == Off()
    assert not state.current.is_on


def test_a_list_is_used_and_a_failure_keeps_it() -> None:
    """The error is kept with it."""
    state = InstanceListState("auto")
    state.succeed(LIST)
    listed = state.current
    state.fail(OUTAGE)

    assert listed == Listed(LIST)
    assert state.current == Failing(LIST, OUTAGE)
    assert (listed.ok, state.current.ok) == (True, False)


@pytest.mark.parametrize("has_backups", [False, True])
def test_an_empty_list_is_used_only_if_there_are_no_backups(*, has_backups: bool) -> None:
    """Otherwise the last complete list is still used."""
    state = InstanceListState("auto")
    state.succeed(LIST)
    state.succeed({})
    before = state.current
    state.settle(has_backups=has_backups)

    assert before == Listed(LIST)
    if has_backups:
        assert isinstance(state.current, Failing)
        assert state.current.instances == LIST
    else:
        assert state.current == Listed({})


def test_an_empty_list_in_use_is_dropped_with_the_first_backup() -> None:
    """A new organization has neither instances nor backups; then the list lags behind."""
    state = InstanceListState("auto")
    state.succeed({})
    state.settle(has_backups=False)
    state.settle(has_backups=True)

    assert isinstance(state.current, Failing)
    assert state.current.instances is None


@pytest.mark.parametrize(("mode", "is_refused"), [("auto", True), ("on", False)])
def test_a_refusal_turns_the_mode_auto_off_until_it_is_forgotten(
    mode: Literal["auto", "on"], *, is_refused: bool
) -> None:
    """Only after a complete walk of the backups: before, the credential itself may be wrong."""
    state = InstanceListState(mode)
    state.fail(REFUSAL)
    before = state.current
    state.settle(has_backups=True)
    after = state.current
    state.forget_refusal()

    assert before == Failing(None, REFUSAL)
    assert isinstance(after, Refused) is is_refused
    assert after.is_on is not is_refused
    assert state.current == Unknown()


@pytest.mark.parametrize("error", [OUTAGE, ApiError(Reason.TIMEOUT, "late")])
def test_another_failure_is_no_refusal(error: ApiError) -> None:
    """The list is requested again, and a reload changes nothing."""
    state = InstanceListState("auto")
    state.fail(error)
    state.settle(has_backups=True)
    state.forget_refusal()

    assert state.current == Failing(None, error)


STEPS = st.lists(st.sampled_from(["list", "empty", "403", "404", "500", "backups", "reload"]), max_size=12)


@given(STEPS)
def test_while_there_are_backups_a_good_list_is_never_lost(steps: list[str]) -> None:
    """No failure, refusal, empty list or reload takes it away, in any order."""
    state = InstanceListState("auto")
    for step in steps:
        match step:
            case "list":
                state.succeed(LIST)
            case "empty":
                state.succeed({})
            case "backups":
                state.settle(has_backups=True)
            case "reload":
                state.forget_refusal()
            case status:
                state.fail(ApiError(Reason.FORBIDDEN, "no", status=int(status)))

    assert state.current.instances == (LIST if "list" in steps else None)
    assert state.current.is_on or "list" not in steps
    assert not (state.current.ok and state.current.error)


def test_the_statuses_of_an_api_without_the_list() -> None:
    """The vendor's API returns 403 without the permission and 404 without the resource."""
    assert {403, 404} == UNAVAILABLE
