"""Which strings are dates, defined once for Python and PostgreSQL.

A date is an ISO 8601 string: a date and a time with a zone, or a date alone, which is
midnight UTC. ``_CALENDAR`` admits exactly the days that exist in the years 0001 to 9999, so
that neither side has to refuse a string after it matched. Instants are kept to the
microsecond (finer digits are cut off) and saturate at ``FIRST`` and ``LAST``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

FIRST: Final = datetime.min.replace(tzinfo=UTC)
"""The first instant; as the start of a state it stands for "always"."""

LAST: Final = datetime.max.replace(tzinfo=UTC)
"""The last instant; as a future instant it stands for "never"."""

FIRST_SQL: Final = "timestamptz '0001-01-01 00:00:00+00'"
LAST_SQL: Final = "timestamptz '9999-12-31 23:59:59.999999+00'"

# Only constructs that Python's and PostgreSQL's regular expressions read alike: no classes
# such as \d (Unicode digits), no backslashes (standard_conforming_strings).
_COMMON_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_YEAR = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_CALENDAR = f"(?:{_YEAR}-{_COMMON_DAY}|{_LEAP_YEAR}-02-29)"
_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,9})?)?"
_ZONE = "(?:Z|[+-](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?)"
DATE_PATTERN: Final = f"{_CALENDAR}(?:[T ]{_TIME}{_ZONE})?"

_match = re.compile(DATE_PATTERN).fullmatch
_DATE_ALONE: Final = 10
_NO_FINER: Final = len("2026-01-31T09:00:00.123456Z")
_LONGEST: Final = len("2026-01-31T09:00:00.123456789+01:00")


def parse_date(found: object) -> datetime | None:
    """The instant that a property's value names, in UTC; None if it is not a date."""
    if not isinstance(found, str) or len(found) > _LONGEST:
        return None
    return _parse(found)


@lru_cache(maxsize=4096)
def _parse(text: str) -> datetime | None:
    # Cached: the dates of busy contacts are read again with each of their events.
    if _match(text) is None:
        return None
    instant = datetime.fromisoformat(text)
    if len(text) == _DATE_ALONE:
        return instant.replace(tzinfo=UTC)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return FIRST if instant.year == FIRST.year else LAST


def date_sql(value: str) -> str:
    """SQL for ``parse_date`` of a jsonb expression: a timestamptz, or NULL; it never raises."""
    text = f"({value} #>> '{{}}')"
    cut = rf"regexp_replace({text}, '([.][0-9]{{6}})[0-9]+', E'\\1')"
    instant = (
        f"(case when length({text}) = {_DATE_ALONE} then {text} || 'T00:00:00Z' "
        f"when length({text}) > {_NO_FINER} then {cut} else {text} end)::timestamptz"
    )
    is_date = f"jsonb_typeof({value}) = 'string' and {text} ~ '^(?:{DATE_PATTERN})$'"
    return f"(case when {is_date} then least(greatest({instant}, {FIRST_SQL}), {LAST_SQL}) end)"
