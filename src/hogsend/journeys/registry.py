"""The registered journeys, by the events that concern them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from hogsend.errors import DefinitionError
from hogsend.journeys.definition import ExitOn, Journey, JourneyMeta, function_fault
from hogsend.journeys.model import SkipReason

_TRANSITION: Final = "bucket:"


class Registry:
    """All journeys of the app.

    Args:
        journeys: The app's journeys.
        transitions: The names of the events that buckets emit.
        is_live: Whether a bucket is; its reactions are enabled as it is.

    Raises:
        DefinitionError: With every fault that shows only in all of them together.
    """

    def __init__(
        self,
        journeys: Iterable[Journey],
        *,
        transitions: Collection[str] = (),
        is_live: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self.definitions = tuple(journeys)
        if faults := _faults(self.definitions, transitions):
            raise DefinitionError(faults)
        self.journeys = {journey.id: journey for journey in self.definitions}
        metas = [journey.meta for journey in self.definitions]
        self.triggers = _index((meta.trigger, meta) for meta in metas)
        self.exits = _exits(metas)
        self.names = frozenset(self.triggers) | frozenset(self.exits)
        self._is_live = is_live
        self._chosen: Collection[str] | None = None
        self._overrides: Mapping[str, bool] = {}

    def decide(self, *, chosen: Collection[str] | None, overrides: Mapping[str, bool]) -> None:
        """From now on, run the journeys that the environment chose and operators did not pause."""
        self._chosen, self._overrides = chosen, overrides

    def barred(self, meta: JourneyMeta) -> SkipReason | None:
        """Why the journey enrols nobody now, and none of its runs goes on."""
        if not self._is_enabled(meta):
            return SkipReason.DISABLED
        return None if self._overrides.get(meta.id, True) else SkipReason.PAUSED

    @property
    def live_ids(self) -> list[str]:
        """The journeys that run now."""
        return sorted(id_ for id_, each in self.journeys.items() if not self.barred(each.meta))

    def _is_enabled(self, meta: JourneyMeta) -> bool:
        if meta.source_bucket_id is not None:
            return self._is_live(meta.source_bucket_id)
        if self._chosen is not None and meta.id not in self._chosen:
            return False
        return meta.enabled or self._overrides.get(meta.id, False)


def _index(pairs: Iterable[tuple[str, JourneyMeta]]) -> dict[str, tuple[JourneyMeta, ...]]:
    index: dict[str, list[JourneyMeta]] = {}
    for key, value in pairs:
        index.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in index.items()}


def _exits(metas: Sequence[JourneyMeta]) -> dict[str, dict[str, tuple[ExitOn, ...]]]:
    """By event and journey, what ends a run."""
    index: dict[str, dict[str, tuple[ExitOn, ...]]] = {}
    for meta in metas:
        for exit_on in meta.exit_on:
            by_journey = index.setdefault(exit_on.event, {})
            by_journey[meta.id] = (*by_journey.get(meta.id, ()), exit_on)
    return index


def _faults(journeys: Sequence[Journey], transitions: Collection[str]) -> list[str]:
    wrong = [each for each in journeys if not isinstance(each, Journey)]
    if wrong:
        return [f"{each!r} is not a journey; decorate it with @define_journey(…)" for each in wrong]
    ids = [journey.id for journey in journeys]
    faults = [
        f"journey {id_!r} is defined {ids.count(id_)} times; ids must differ"
        for id_ in sorted({id_ for id_ in ids if ids.count(id_) > 1})
    ]
    for journey in journeys:
        if fault := function_fault(f"journey {journey.id!r}", journey.function):
            faults.append(fault)
        names = [journey.meta.trigger, *(exit_on.event for exit_on in journey.meta.exit_on)]
        faults += [
            _unknown(journey.id, name, transitions)
            for name in names
            if _is_unknown(name, transitions)
        ]
    return faults


def _is_unknown(name: str, transitions: Collection[str]) -> bool:
    return name.startswith(_TRANSITION) and name not in transitions


def _unknown(id_: str, name: str, transitions: Collection[str]) -> str:
    near = difflib.get_close_matches(name, sorted(transitions), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Is the bucket in create_client(buckets=[…])?"
    return f"journey {id_!r}: no registered bucket emits {name!r}. {hint}"
