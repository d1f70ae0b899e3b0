"""Numbers and durations as people read them; templates have these as filters."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from markupsafe import Markup

from hogsend.instants import instant_to_json

_SCALES: Final = ((1_000_000_000, "B"), (1_000_000, "M"), (10_000, "k"))
_UNITS: Final = (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0))
_FEW: Final = 10
_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC)")
_SHORT_S: Final = 1.0


def number(value: int) -> str:
    """``12,345``."""
    return f"{value:,}"


def plural(count: int, one: str, several: str | None = None) -> str:
    """``1 run``, ``2 runs``."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def compact(value: float) -> str:
    """``1.23M``; below ten thousand all digits."""
    for scale, letter in _SCALES:
        if abs(value) >= scale:
            return f"{value / (1_000 if letter == 'k' else scale):.3g}{letter}"
    return f"{value:,.0f}" if abs(value) >= _FEW or value == int(value) else f"{value:.1f}"


def duration(seconds: float | timedelta | None) -> str:
    """The two largest units, e.g. ``3 d 4 h`` or ``250 ms``; a dash for None."""
    if seconds is None:
        return "–"  # noqa: RUF001 - a dash is meant
    rest = seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds)
    if rest < _SHORT_S:
        return f"{rest * 1000:.0f} ms" if rest else "0 s"
    for place, (unit, length) in enumerate(_UNITS):
        if rest >= length:
            smaller, size = (*_UNITS, ("s", 1.0))[place + 1]
            whole = int(rest // length)
            more = int((rest - whole * length) // size)
            return (
                f"{whole} {unit} {more} {smaller}" if more and whole < _FEW else f"{whole} {unit}"
            )
    return f"{rest:.1f} s" if rest < _FEW else f"{rest:.0f} s"


def utc(instant: datetime) -> str:
    """``2026-05-03 10:00:00 UTC``: what stands there until the script tells the viewer's time."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso(instant: datetime) -> str:
    """For machines."""
    return instant_to_json(instant)


def minus(instant: datetime, seconds: float) -> datetime:
    """So long before."""
    return instant - timedelta(seconds=seconds)


def instant(text: str) -> datetime:
    """What ``iso`` made."""
    return datetime.fromisoformat(text)


def timed(text: str) -> Markup:
    """A text whose instants (``2026-05-03 10:00:00 UTC``) are told in the viewer's time."""
    parts = _INSTANT.split(text)
    return Markup("").join(
        Markup('<time datetime="{}" title="{}" data-time="at">{}</time>').format(
            part.replace(" UTC", "Z").replace(" ", "T"), part, part
        )
        if place % 2
        else part
        for place, part in enumerate(parts)
    )


def as_json(value: Any) -> str:
    """For an attribute that a script reads."""
    return json.dumps(value, separators=(",", ":"), default=str)


FILTERS: Final = {
    "number": number,
    "compact": compact,
    "duration": duration,
    "utc": utc,
    "iso": iso,
    "instant": instant,
    "json": as_json,
    "timed": timed,
    "minus": minus,
    "plural": plural,
}
