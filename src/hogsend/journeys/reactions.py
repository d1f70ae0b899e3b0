"""What journeys and reactions that a bucket's transitions start can ask their context for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final, Literal, TypeAlias, cast

from hogsend.journeys.context import JourneyContext, User

LeaveReason: TypeAlias = Literal["criteria", "max_dwell", "manual"]


class _StayContext(JourneyContext):
    """Of a run that a stay in a bucket started."""

    @property
    def entry_count(self) -> int:
        """How often the user has joined the bucket."""
        return cast("int", self.event.properties["entryCount"])


class EnterContext(_StayContext):
    """The durable calls, in a reaction to a join."""


class LeaveContext(_StayContext):
    """The durable calls, in a reaction to a leave."""

    @property
    def reason(self) -> LeaveReason:
        """Why the stay ended."""
        return cast("LeaveReason", self.event.properties["reason"])


class DwellContext(_StayContext):
    """The durable calls, in a reaction to a stay that lasts."""

    @property
    def dwell_count(self) -> int:
        """How many of its intervals are over."""
        return cast("int", self.event.properties["dwellCount"])


EnterHandler: TypeAlias = Callable[[User, EnterContext], Coroutine[Any, Any, object]]
LeaveHandler: TypeAlias = Callable[[User, LeaveContext], Coroutine[Any, Any, object]]
DwellHandler: TypeAlias = Callable[[User, DwellContext], Coroutine[Any, Any, object]]

_CONTEXTS: Final = {"entered": EnterContext, "left": LeaveContext, "dwell": DwellContext}


def context_class(trigger: str) -> type[JourneyContext]:
    """The class of the context that a run gets whose journey has this trigger."""
    origin, _, rest = trigger.partition(":")
    return (
        _CONTEXTS.get(rest.partition(":")[0], JourneyContext)
        if origin == "bucket"
        else JourneyContext
    )
