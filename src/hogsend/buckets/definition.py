"""What a bucket is: its declaration in code, checked as a whole."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Generic,
    Literal,
    Protocol,
    Self,
    TypeAlias,
    TypeVar,
    overload,
)

from hogsend.criteria.analyze import analyze
from hogsend.criteria.ast import Criteria
from hogsend.criteria.builder import CriteriaSource, build
from hogsend.criteria.validate import validate
from hogsend.declarations import (
    ID,
    LONGEST,
    EnteredEvent,
    EntryLimit,
    LeftEvent,
    duration_faults,
    id_faults,
    limit_faults,
)
from hogsend.durations import describe_duration
from hogsend.errors import DefinitionError

if TYPE_CHECKING:  # names for type checkers only: buckets know nothing of how journeys run
    from hogsend.journeys.reactions import DwellHandler, EnterHandler, LeaveHandler, LeaveReason

BUCKET_ENTERED: Final = EnteredEvent("bucket:entered")
BUCKET_LEFT: Final = LeftEvent("bucket:left")
BUCKET_DWELL: Final = "bucket:dwell"
ANY_BUCKET_EVENTS: Final = frozenset({BUCKET_ENTERED, BUCKET_LEFT})
"""The names that every transition has besides its bucket's own: one event each."""

PROPERTY: Final = re.compile(r"[^$\x00-\x1f][^\x00-\x1f]{0,199}")

LEAVE_REASONS: Final = frozenset({"criteria", "max_dwell", "manual"})
"""Why a stay ends, where that is announced."""


class BucketKind(StrEnum):
    """What says who is in: the criteria."""

    DYNAMIC = "dynamic"


@dataclass(frozen=True, slots=True, kw_only=True)
class DwellSchedule:
    """When a stay is announced as having lasted: once ``after``, or ``every`` so often.

    Attributes:
        label: Names the event: ``bucket:dwell:<bucket>:<label>``.
    """

    label: str
    after: timedelta | None = None
    every: timedelta | None = None

    def elapsed(self, anchor: datetime, now: datetime, horizon: datetime) -> int:
        """How many firings are due at ``now``; repeated ones are counted up to ``horizon``."""
        if self.every is None:
            return int(now >= self.instant(anchor, 1))
        return 0 if now < anchor + self.every else (horizon - anchor) // self.every

    def due_after(self, anchor: datetime, count: int) -> datetime | None:
        """The next instant after ``count`` firings."""
        if self.every is None and count > 0:
            return None
        return self.instant(anchor, count + 1)

    def instant(self, anchor: datetime, count: int) -> datetime:
        """The instant of the firing numbered ``count``, from 1."""
        return anchor + (self.after or count * (self.every or timedelta(0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketMeta:
    """The declaration of a bucket; the arguments of ``define_bucket``, checked."""

    id: str
    name: str
    criteria: Criteria
    description: str = ""
    enabled: bool = True
    entry_limit: EntryLimit = EntryLimit.UNLIMITED
    entry_period: timedelta | None = None
    min_dwell: timedelta | None = None
    max_dwell: timedelta | None = None
    dwells: tuple[DwellSchedule, ...] = ()
    kind: BucketKind = BucketKind.DYNAMIC
    time_based: bool = False
    fast_expiry: bool = True
    reconcile_every: timedelta | None = None
    reconcile_joins: bool | None = None
    sync_to_posthog: bool = False
    posthog_property_key: str | None = None

    @property
    def posthog_property(self) -> str:
        """The person property that says in PostHog who is a member."""
        return self.posthog_property_key or f"hogsend_bucket_{self.id}"


class ReactionKind(StrEnum):
    """What of a stay can be reacted to."""

    ENTER = "enter"
    LEAVE = "leave"
    DWELL = "dwell"


Handler: TypeAlias = "Callable[[Any, Any], Coroutine[Any, Any, object]]"
"""``async def react(user, ctx)``, as for a journey."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A function that a bucket's transitions start; made by ``bucket.on``.

    Attributes:
        label: Of a dwell: which schedule.
        first_entry_only: Only in the user's first stay.
        reasons: Of a leave: only for these; None is all.
    """

    kind: ReactionKind
    handler: Handler
    label: str | None = None
    first_entry_only: bool = False
    reasons: frozenset[str] | None = None

    @property
    def suffix(self) -> str:
        """What tells it from the bucket's others: ``on-enter``, ``on-dwell-after-30-days``."""
        return f"on-{self.kind}" if self.label is None else f"on-{self.kind}-{self.label}"


EnterH = TypeVar("EnterH", bound="EnterHandler")
LeaveH = TypeVar("LeaveH", bound="LeaveHandler")
DwellH = TypeVar("DwellH", bound="DwellHandler")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Generic[T]):
    """An answer that never raises: ``data``, or the reason why there is none in ``error``."""

    data: T | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An active member as member access shows it."""

    user_id: str
    email: str | None
    entered_at: datetime
    entry_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPage:
    """Members in order of user id; ``cursor`` continues behind them, None at the end."""

    members: tuple[Member, ...]
    cursor: str | None


class MemberReader(Protocol):
    """Where a bucket's member access reads from; ``create_client`` provides one."""

    async def count(self, bucket_id: str) -> int:
        """Number of active members."""
        ...

    async def has(self, bucket_id: str, user_id: str) -> bool:
        """Whether the user is an active member."""
        ...

    async def members(self, bucket_id: str, limit: int, cursor: str | None) -> MemberPage:
        """A page of active members."""
        ...


class Bucket:
    """A bucket in code: its declaration, its event names, and access to its members.

    Made by ``define_bucket``. ``count``, ``has`` and ``members`` answer with a ``Result`` and
    never raise; they need a client (``create_client``) to have been made with this bucket.
    """

    def __init__(self, meta: BucketMeta) -> None:
        self.meta = meta
        self.reactions: tuple[Reaction, ...] = ()
        self._reader: MemberReader | None = None

    def __repr__(self) -> str:
        return f"<Bucket {self.meta.id}>"

    @property
    def id(self) -> str:
        """The bucket's id."""
        return self.meta.id

    @property
    def entered(self) -> EnteredEvent:
        """The name of the event that a join emits."""
        return EnteredEvent(f"{BUCKET_ENTERED}:{self.meta.id}")

    @property
    def left(self) -> LeftEvent:
        """The name of the event that a leave emits."""
        return LeftEvent(f"{BUCKET_LEFT}:{self.meta.id}")

    def schedule_dwell(
        self,
        *,
        after: timedelta | None = None,
        every: timedelta | None = None,
        label: str | None = None,
    ) -> Self:
        """Announce stays that last: an event ``bucket:dwell:<bucket>:<label>``, and the bucket.

        Args:
            after: Once per stay, when it has lasted this long.
            every: Each time this long has passed; instants missed are made up for by one event,
                whose ``dwellCount`` says how many intervals are over.
            label: Names the event; by default from the duration, e.g. ``after-30-days``. It also
                tells which announcements a stay had, so keep it when you change the duration.

        Raises:
            DefinitionError: Both or neither of ``after`` and ``every``, or a label used twice.
        """
        faults = _schedule_faults(self.meta, after, every, label)
        if faults:
            raise DefinitionError(faults)
        kind, duration = ("after", after) if every is None else ("every", every)
        name = label or f"{kind}-{describe_duration(duration or LONGEST).replace(' ', '-')}"
        schedule = DwellSchedule(label=name, after=after, every=every)
        if any(known.label == name for known in self.meta.dwells):
            raise DefinitionError(
                [f"bucket {self.id!r}: two dwell schedules are labelled {name!r}; name one anew"]
            )
        self.meta = replace(self.meta, dwells=(*self.meta.dwells, schedule))
        return self

    @overload
    def on(
        self, kind: Literal["enter"], handler: EnterHandler, *, first_entry_only: bool = False
    ) -> Self: ...

    @overload
    def on(
        self, kind: Literal["enter"], handler: None = None, *, first_entry_only: bool = False
    ) -> Callable[[EnterH], EnterH]: ...

    @overload
    def on(
        self,
        kind: Literal["leave"],
        handler: LeaveHandler,
        *,
        first_entry_only: bool = False,
        reason: LeaveReason | Collection[LeaveReason] | None = None,
    ) -> Self: ...

    @overload
    def on(
        self,
        kind: Literal["leave"],
        handler: None = None,
        *,
        first_entry_only: bool = False,
        reason: LeaveReason | Collection[LeaveReason] | None = None,
    ) -> Callable[[LeaveH], LeaveH]: ...

    @overload
    def on(
        self,
        kind: Literal["dwell"],
        handler: DwellHandler,
        *,
        after: timedelta | None = None,
        every: timedelta | None = None,
        label: str | None = None,
        first_entry_only: bool = False,
    ) -> Self: ...

    @overload
    def on(
        self,
        kind: Literal["dwell"],
        handler: None = None,
        *,
        after: timedelta | None = None,
        every: timedelta | None = None,
        label: str | None = None,
        first_entry_only: bool = False,
    ) -> Callable[[DwellH], DwellH]: ...

    def on(
        self,
        kind: str,
        handler: Handler | None = None,
        *,
        after: timedelta | None = None,
        every: timedelta | None = None,
        label: str | None = None,
        first_entry_only: bool = False,
        reason: str | Collection[str] | None = None,
    ) -> Self | Callable[[Any], Any]:
        """React to a transition with a function, as a journey of the bucket's own.

        A reaction to a join or a dwell ends when the stay does. There is one per transition; for
        more, write journeys with ``trigger=bucket.entered``.

        Args:
            kind: ``enter``, ``leave`` or ``dwell``.
            handler: ``async def react(user, ctx)``; without it, this is a decorator.
            after: Of a dwell: when the stay has lasted this long.
            every: Of a dwell: each time this long has passed.
            label: Of a dwell: names it, as for ``schedule_dwell``.
            first_entry_only: Only in the user's first stay.
            reason: Of a leave: only for this reason, or one of these: ``criteria``, ``max_dwell``.

        Returns:
            The bucket, to go on with; as a decorator, the function.

        Raises:
            DefinitionError: With every fault found.
        """
        react = partial(
            self._react,
            kind,
            after=after,
            every=every,
            label=label,
            first_entry_only=first_entry_only,
            reason=reason,
        )
        if handler is not None:
            return react(handler)

        def declare(function: Handler) -> Handler:
            react(function)
            return function

        return declare

    def _react(
        self,
        kind: str,
        handler: Handler,
        *,
        after: timedelta | None,
        every: timedelta | None,
        label: str | None,
        first_entry_only: bool,
        reason: str | Collection[str] | None,
    ) -> Self:
        reasons = frozenset({reason} if isinstance(reason, str) else reason or ())
        scheduled = after is not None or every is not None or label is not None
        if faults := _reaction_faults(self.id, kind, handler, reasons, scheduled=scheduled):
            raise DefinitionError(faults)
        if kind == ReactionKind.DWELL:
            self.schedule_dwell(after=after, every=every, label=label)
            label = self.meta.dwells[-1].label
        reaction = Reaction(
            kind=ReactionKind(kind),
            handler=handler,
            label=label,
            first_entry_only=first_entry_only,
            reasons=reasons or None,
        )
        if any(known.suffix == reaction.suffix for known in self.reactions):
            raise DefinitionError(
                [
                    f"bucket {self.id!r}: there is a reaction to {kind!r} already. For another, "
                    "write a journey: define_journey(trigger=bucket.entered, …)"
                ]
            )
        self.reactions = (*self.reactions, reaction)
        return self

    def bind(self, reader: MemberReader) -> None:
        """Give member access its source; ``create_client`` calls this."""
        self._reader = reader

    async def count(self) -> Result[int]:
        """How many active members there are."""
        return await self._read(lambda reader: reader.count(self.id))

    async def has(self, user_id: str) -> Result[bool]:
        """Whether ``user_id`` is an active member."""
        return await self._read(lambda reader: reader.has(self.id, user_id))

    async def members(self, *, limit: int = 50, cursor: str | None = None) -> Result[MemberPage]:
        """A page of active members, in order of user id.

        Args:
            limit: 1 to 1000 members.
            cursor: ``MemberPage.cursor`` of the page before; None for the first page.
        """
        if not 1 <= limit <= 1000:  # noqa: PLR2004 - said in the docstring and the message
            return Result(error=f"limit must be 1 to 1000; got {limit}")
        return await self._read(lambda reader: reader.members(self.id, limit, cursor))

    async def members_iterator(self, *, page_size: int = 500) -> AsyncIterator[Member]:
        """Every active member, in order of user id, read a page at a time.

        Raises:
            HogsendError: A page could not be read.
        """
        cursor = None
        while True:
            page = await self.members(limit=page_size, cursor=cursor)
            if page.data is None:
                raise DefinitionError([page.error or "no members"])
            for member in page.data.members:
                yield member
            if (cursor := page.data.cursor) is None:
                return

    async def _read(self, question: Callable[[MemberReader], Any]) -> Result[Any]:
        if self._reader is None:
            return Result(
                error=f"The bucket {self.id!r} has no client yet: "
                "call create_client(buckets=[…]) with it first."
            )
        try:
            return Result(data=await question(self._reader))
        except Exception as error:  # noqa: BLE001 - the contract is an answer, never an exception
            return Result(error=f"The members of {self.id!r} could not be read: {error}")


def define_bucket(
    *,
    id: str,  # noqa: A002 - the public name
    name: str,
    criteria: CriteriaSource,
    description: str = "",
    enabled: bool = True,
    entry_limit: str = EntryLimit.UNLIMITED,
    entry_period: timedelta | None = None,
    min_dwell: timedelta | None = None,
    max_dwell: timedelta | None = None,
    kind: str = BucketKind.DYNAMIC,
    time_based: bool | None = None,
    fast_expiry: bool = True,
    reconcile_every: timedelta | None = None,
    reconcile_joins: bool | None = None,
    sync_to_posthog: bool = False,
    posthog_property_key: str | None = None,
) -> Bucket:
    """Declare a bucket.

    Args:
        id: Lower-case letters, digits and hyphens; it names the bucket for ever.
        name: What people call it.
        criteria: Who is in: a function of the builder, a tree, or its JSON form.
        description: Why it exists, for the people who see it in Studio.
        enabled: False keeps it from being evaluated.
        entry_limit: Which joins are announced: ``unlimited``, ``once`` (the first), or
            ``once_per_period``.
        entry_period: With ``once_per_period``: how long after a leave joins stay silent.
        min_dwell: A stay lasts at least this long, even when the criteria stop holding.
        max_dwell: A stay ends after this long, whatever the criteria say.
        kind: ``dynamic``: the criteria say who is in.
        time_based: Says that the clock alone moves people here. It follows from the rest, so it may
            be left out; given, it is checked.
        fast_expiry: Joins and leaves by the clock happen at their instant. False leaves them to
            the next reconcile (``BUCKET_RECONCILE_CRON``).
        reconcile_every: The audit leaves the bucket alone until this long after the last one; it
            takes place at the instants of ``BUCKET_RECONCILE_CRON``. None is each of them.
        reconcile_joins: Whether the audit looks for people who should be in, besides members who
            should not; None follows from whether the clock can make people join.
        sync_to_posthog: Keep a person property in PostHog: true while somebody is a member, and
            not there otherwise. It takes ``POSTHOG_API_KEY``.
        posthog_property_key: Its name; None is ``hogsend_bucket_<id>``.

    Raises:
        DefinitionError: With every fault found.
    """
    faults = [
        *id_faults("bucket", id, "went-dormant"),
        *limit_faults("bucket", id, entry_limit, entry_period),
        *_dwell_faults(id, min_dwell, max_dwell),
        *_kind_faults(id, kind),
        *duration_faults("bucket", id, "reconcile_every", reconcile_every),
        *_posthog_faults(id, posthog_property_key, synced=sync_to_posthog),
    ]
    if not name:
        faults.append(f"bucket {id!r}: name is empty; say what people call this group")
    try:
        tree = build(criteria)
        faults += [f"bucket {id!r}: {fault}" for fault in validate(tree)]
    except DefinitionError as error:
        faults += [f"bucket {id!r}: {fault}" for fault in error.faults]
    if not faults:
        moves = analyze(tree).time_based or bool(min_dwell or max_dwell)
        faults = _time_faults(id, time_based, moves=moves)
    if faults:
        raise DefinitionError(faults)
    return Bucket(
        BucketMeta(
            id=id,
            name=name,
            criteria=tree,
            description=description,
            enabled=enabled,
            entry_limit=EntryLimit(entry_limit),
            entry_period=entry_period,
            min_dwell=min_dwell,
            max_dwell=max_dwell,
            time_based=moves,
            fast_expiry=fast_expiry,
            reconcile_every=reconcile_every,
            reconcile_joins=reconcile_joins,
            sync_to_posthog=sync_to_posthog,
            posthog_property_key=posthog_property_key,
        )
    )


def duplicate_faults(buckets: Sequence[Bucket]) -> list[str]:
    """One fault for each id, and each person property, that several buckets carry."""
    ids = [bucket.id for bucket in buckets]
    owners: dict[str, list[str]] = {}
    for bucket in buckets:
        if bucket.meta.sync_to_posthog:
            owners.setdefault(bucket.meta.posthog_property, []).append(bucket.id)
    return [
        f"bucket {id_!r} is defined {ids.count(id_)} times; ids must differ"
        for id_ in sorted({id_ for id_ in ids if ids.count(id_) > 1})
    ] + [
        f"buckets {', '.join(map(repr, sorted(shared)))} sync to one PostHog property, {key!r}; "
        "give each its own posthog_property_key"
        for key, shared in owners.items()
        if len(set(shared)) > 1
    ]


def _kind_faults(id_: str, kind: str) -> list[str]:
    if kind in list(BucketKind):
        return []
    if kind == "manual":
        return [
            f"bucket {id_!r}: kind='manual' does not exist yet; keep a contact property, such as "
            "beta=True, and ask for it: criteria=lambda b: b.prop('beta').eq(True)"
        ]
    return [f"bucket {id_!r}: kind must be 'dynamic'; got {kind!r}"]


def _posthog_faults(id_: str, key: object, *, synced: bool) -> list[str]:
    if key is None:
        return []
    if not isinstance(key, str) or not PROPERTY.fullmatch(key):
        return [
            f"bucket {id_!r}: posthog_property_key {key!r} must be 1 to 200 characters that do not "
            "begin with $, e.g. 'is_power_user'"
        ]
    if not synced:
        return [f"bucket {id_!r}: posthog_property_key needs sync_to_posthog=True"]
    return []


def _time_faults(id_: str, declared: object, *, moves: bool) -> list[str]:
    if declared is None or declared is moves:
        return []
    why = "a window, a date or a limit of stays lets" if moves else "nothing in it lets"
    return [
        f"bucket {id_!r}: time_based={declared!r}, but {why} the clock alone move people; "
        f"write time_based={moves} or leave it out"
    ]


def _dwell_faults(id_: str, shortest: timedelta | None, longest: timedelta | None) -> list[str]:
    faults = duration_faults("bucket", id_, "min_dwell", shortest)
    faults += duration_faults("bucket", id_, "max_dwell", longest)
    if not faults and shortest is not None and longest is not None and longest < shortest:
        faults.append(
            f"bucket {id_!r}: max_dwell ({longest}) is shorter than min_dwell ({shortest})"
        )
    return faults


def _schedule_faults(
    meta: BucketMeta, after: timedelta | None, every: timedelta | None, label: str | None
) -> list[str]:
    if (after is None) is (every is None):
        return [f"bucket {meta.id!r}: a dwell takes one of after= and every=, e.g. after=days(30)"]
    if label is not None and not ID.fullmatch(label):
        return [
            f"bucket {meta.id!r}: the dwell label {label!r} must be lower-case letters, digits "
            "and hyphens, e.g. 'final-nudge'"
        ]
    return [
        *duration_faults("bucket", meta.id, "dwell after", after),
        *duration_faults("bucket", meta.id, "dwell every", every),
    ]


def _reaction_faults(
    id_: str, kind: str, handler: object, reasons: frozenset[str], *, scheduled: bool
) -> list[str]:
    kinds = [str(member) for member in ReactionKind]
    if kind not in kinds:
        return [f"bucket {id_!r}: on(…) takes one of {', '.join(kinds)}; got {kind!r}"]
    faults = []
    if not inspect.iscoroutinefunction(handler):
        shown = getattr(handler, "__qualname__", repr(handler))
        faults.append(
            f"bucket {id_!r}, on {kind}: {shown} is not async; declare it "
            "`async def react(user, ctx)`"
        )
    if scheduled and kind != ReactionKind.DWELL:
        faults.append(f"bucket {id_!r}, on {kind}: after, every and label are for 'dwell'")
    if reasons and kind != ReactionKind.LEAVE:
        faults.append(f"bucket {id_!r}, on {kind}: reason is for 'leave'")
    if unknown := reasons - LEAVE_REASONS:
        faults.append(
            f"bucket {id_!r}, on {kind}: {', '.join(sorted(map(repr, unknown)))} is no reason to "
            f"leave; there are {', '.join(sorted(LEAVE_REASONS))}"
        )
    return faults
