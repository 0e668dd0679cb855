"""What is known about the list of instances: a state machine without threads and without a clock.

Two results depend on the walk of the backups: an empty list is wrong if there are backups, and a refusal may
mean that the whole credential is wrong. `settle` decides on them after a complete walk of the backups.
"""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from msgspec import Struct

from exporter.errors import ApiError, Reason
from exporter.records import Instance

UNAVAILABLE: Final = frozenset({403, 404})
"""HTTP statuses of an API that does not let this credential list instances."""

Mode = Literal["auto", "on", "off"]
Instances = Mapping[str, Instance]
"""The instances by id."""


class ListState(Struct, frozen=True):
    """A state of the list.

    `instances` is the last complete list, `error` is why the last walk returned none. `ok` is whether the
    list is up to date, `None` if nothing is known or the list is not requested.
    """

    is_on: ClassVar[bool] = True
    ok: ClassVar[bool | None] = None
    instances: Instances | None = None
    error: ApiError | None = None


class Off(ListState, frozen=True):
    """The configuration turns the list off."""

    is_on: ClassVar[bool] = False


class Unknown(ListState, frozen=True):
    """No walk of the list has ended yet."""


class Listed(ListState, frozen=True):
    """The last walk returned a list."""

    ok: ClassVar[bool | None] = True


class Failing(ListState, frozen=True):
    """The last walk failed; the last complete list is still used."""

    ok: ClassVar[bool | None] = False


class Refused(ListState, frozen=True):
    """The API refuses the list and the mode is `auto`: the list is not requested until the next reload."""

    is_on: ClassVar[bool] = False


class InstanceListState:
    """The state of one target's list of instances.

    :param mode: `auto` accepts that the API refuses the list; with `on`, a refusal is a failure.
    """

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self.current: ListState = Off() if mode == "off" else Unknown()
        self._has_empty_list = False
        """Whether the last walk returned an empty list that is not settled yet."""

    def __repr__(self) -> str:
        return f"InstanceListState({type(self.current).__name__})"

    @property
    def is_listed(self) -> bool:
        """Whether the last walk returned a list, even if it is empty and not settled yet."""
        return self._has_empty_list or isinstance(self.current, Listed)

    def succeed(self, instances: Instances) -> None:
        """Use a complete list; an empty one only once it is settled."""
        self._has_empty_list = not instances
        if instances:
            self.current = Listed(instances)

    def fail(self, error: ApiError) -> None:
        """Record a failure, and keep the last complete list."""
        self._has_empty_list = False
        self.current = Failing(self.current.instances, error)

    def settle(self, *, has_backups: bool) -> None:
        """Accept or reject an empty list or a refusal after a complete walk of the backups.

        :param has_backups: whether that walk returned any backup.
        """
        if has_backups and (self._has_empty_list or self.current.instances == {}):
            problem = "the API lists no instances although there are backups: the empty list is not used"
            self.current = Failing(self.current.instances or None, ApiError(Reason.BAD_RESPONSE, problem))
        elif self._has_empty_list:
            self.current = Listed({})
        elif self._mode == "auto" and self._is_refusal:
            self.current = Refused(None, self.current.error)
        self._has_empty_list = False

    def forget_refusal(self) -> None:
        """Request a refused list again: the credential may have received the permission."""
        if isinstance(self.current, Refused) or self._is_refusal:
            self.current = Unknown()

    @property
    def _is_refusal(self) -> bool:
        """Whether the API has refused the list and never returned one."""
        return (
            isinstance(self.current, Failing)
            and self.current.instances is None
            and self.current.error is not None
            and self.current.error.status in UNAVAILABLE
        )
