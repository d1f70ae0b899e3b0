"""What a journey is: its declaration in code, checked as a whole."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Required,
    TypeAlias,
    TypedDict,
    Unpack,
    overload,
)

from hogsend.criteria.ast import CompositeCondition, Logic, PropertyCondition
from hogsend.criteria.builder import CriteriaBuilder, build
from hogsend.declarations import (
    EnteredEvent,
    EntryLimit,
    LeftEvent,
    duration_faults,
    id_faults,
    limit_faults,
)
from hogsend.errors import DefinitionError

if TYPE_CHECKING:
    from hogsend.journeys.context import JourneyContext, User
    from hogsend.journeys.reactions import EnterHandler, LeaveHandler

JourneyFunction: TypeAlias = "Callable[[User, JourneyContext], Coroutine[Any, Any, object]]"

_MAX_NAME_LENGTH: Final = 256


Where: TypeAlias = (
    "Callable[[CriteriaBuilder], PropertyCondition | CompositeCondition] | PropertyCondition "
    "| CompositeCondition | Mapping[str, Any] | Sequence[PropertyCondition | Mapping[str, Any]]"
)
"""Conditions on an event's properties: ``lambda b: b.prop("amount").gte(50)``; ``b.all(…)`` or a
list for several. JSON will do, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitOn:
    """An event that ends a run; ``where`` its properties hold."""

    event: str
    where: tuple[PropertyCondition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyMeta:
    """The declaration of a journey; the arguments of ``define_journey``, checked.

    Attributes:
        source_bucket_id: The bucket whose reaction it is, if it is one.
    """

    id: str
    name: str
    trigger: str
    where: tuple[PropertyCondition, ...] = ()
    entry_limit: EntryLimit = EntryLimit.UNLIMITED
    entry_period: timedelta | None = None
    suppress: timedelta | None = None
    exit_on: tuple[ExitOn, ...] = ()
    enabled: bool = True
    description: str = ""
    source_bucket_id: str | None = None


@dataclass(frozen=True, slots=True)
class Journey:
    """A journey in code; made by ``define_journey``. It stays callable, for a test."""

    meta: JourneyMeta
    function: JourneyFunction

    @property
    def id(self) -> str:
        """The journey's id."""
        return self.meta.id

    async def __call__(self, user: User, ctx: JourneyContext) -> object:
        """Run the function."""
        return await self.function(user, ctx)


class JourneyOptions(TypedDict, total=False):
    """The arguments of ``define_journey`` but for the trigger."""

    id: Required[str]
    name: Required[str]
    where: Where | None
    entry_limit: str
    entry_period: timedelta | None
    suppress: timedelta | None
    exit_on: Sequence[str | ExitOn | Mapping[str, Any]]
    enabled: bool
    description: str


@overload
def define_journey(
    *, trigger: EnteredEvent, **options: Unpack[JourneyOptions]
) -> Callable[[EnterHandler], Journey]: ...


@overload
def define_journey(
    *, trigger: LeftEvent, **options: Unpack[JourneyOptions]
) -> Callable[[LeaveHandler], Journey]: ...


@overload
def define_journey(
    *, trigger: str, **options: Unpack[JourneyOptions]
) -> Callable[[JourneyFunction], Journey]: ...


def define_journey(
    *,
    id: str,  # noqa: A002 - the public name
    name: str,
    trigger: str,
    where: Where | None = None,
    entry_limit: str = EntryLimit.UNLIMITED,
    entry_period: timedelta | None = None,
    suppress: timedelta | None = None,
    exit_on: Sequence[str | ExitOn | Mapping[str, Any]] = (),
    enabled: bool = True,
    description: str = "",
) -> Callable[[Any], Journey]:
    """Declare the decorated ``async def f(user, ctx)`` a journey.

    Args:
        id: Lower-case letters, digits and hyphens; it names the journey for ever.
        name: What people call it.
        trigger: The name of the event that starts it; for a bucket, ``bucket.entered``,
            ``bucket.left`` or the name of a dwell event. Type checkers then know what ``ctx`` has:
            an ``EnterContext`` or ``LeaveContext``.
        where: Conditions on the trigger's properties.
        entry_limit: How often a user goes through it: ``unlimited`` (though only once at a time),
            ``once``, or ``once_per_period``.
        entry_period: With ``once_per_period``: how long after a start there is no other.
        suppress: A mail of this journey is not sent to a user who got one less than this ago.
        exit_on: Events that end a run: names, or ``{"event": name, "where": conditions}``.
        enabled: False keeps it from enrolling anybody.
        description: Why it exists, for the people who see it in Studio.

    Raises:
        DefinitionError: With every fault found.
    """
    faults = [
        *id_faults("journey", id, "win-back"),
        *_name_faults(id, "trigger", trigger),
        *limit_faults("journey", id, entry_limit, entry_period),
        *duration_faults("journey", id, "suppress", suppress),
    ]
    if not isinstance(name, str) or not name:
        faults.append(f"journey {id!r}: name is empty; say what people call this journey")
    conditions = _collect(faults, f"journey {id!r}: where", where)
    exits = tuple(_exit_on(id, each, faults) for each in _listed(id, exit_on, faults))
    if faults:
        raise DefinitionError(faults)
    meta = JourneyMeta(
        id=id,
        name=name,
        trigger=trigger,
        where=conditions,
        entry_limit=EntryLimit(entry_limit),
        entry_period=entry_period,
        suppress=suppress,
        exit_on=exits,
        enabled=enabled,
        description=description,
    )

    def declare(function: JourneyFunction) -> Journey:
        if fault := function_fault(f"journey {id!r}", function):
            raise DefinitionError([fault])
        return Journey(meta, function)

    return declare


def function_fault(place: str, function: object) -> str | None:
    """What keeps ``function`` from being run as a journey."""
    if not inspect.iscoroutinefunction(function):
        shown = getattr(function, "__qualname__", repr(function))
        return f"{place}: {shown} is not async; declare it `async def f(user, ctx)`"
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return (
            f"{place}: {function.__qualname__} does not take (user, ctx); declare it "
            "`async def f(user, ctx)`"
        )
    return None


def read_where(where: Where) -> tuple[PropertyCondition, ...]:
    """Conditions on an event's properties; all of them have to hold.

    Raises:
        DefinitionError: They are something else, or conditions on something else.
    """
    if isinstance(where, Sequence):
        return tuple(condition for each in where for condition in read_where(each))
    return tuple(_flattened(build(where)))


def _flattened(tree: object) -> list[PropertyCondition]:
    match tree:
        case PropertyCondition():
            return [tree]
        case CompositeCondition(operator=Logic.AND):
            return [found for child in tree.conditions for found in _flattened(child)]
        case _:
            raise DefinitionError(
                ["takes conditions on the event's properties, all of which have to hold"]
            )


def _collect(faults: list[str], place: str, where: Where | None) -> tuple[PropertyCondition, ...]:
    if where is None:
        return ()
    try:
        return read_where(where)
    except DefinitionError as error:
        faults += [f"{place}: {fault}" for fault in error.faults]
        return ()


def _listed(id_: str, exit_on: object, faults: list[str]) -> Sequence[object]:
    if isinstance(exit_on, Sequence) and not isinstance(exit_on, str):
        return exit_on
    faults.append(f"journey {id_!r}: exit_on is a list of events, e.g. exit_on=[bucket.left]")
    return ()


def _exit_on(id_: str, value: object, faults: list[str]) -> ExitOn:
    event, where = value, None
    match value:
        case ExitOn():
            return value
        case Mapping() if "event" in value and value.keys() <= {"event", "where"}:
            event, where = value["event"], value.get("where")
    faults += _name_faults(id_, "exit_on", event)
    conditions = _collect(faults, f"journey {id_!r}: exit_on {event!r}", where)
    return ExitOn(event=str(event), where=conditions)


def _name_faults(id_: str, place: str, name: object) -> list[str]:
    if isinstance(name, str) and name and len(name) <= _MAX_NAME_LENGTH and "\0" not in name:
        return []
    return [f"journey {id_!r}: {place} must be the name of an event; got {name!r}"]
