"""Which column of a CSV file goes where."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hogsend.errors import ConfigurationError

_NAMES: Final = {
    "userid": "userId",
    "user": "userId",
    "customerid": "userId",
    "email": "email",
    "event": "name",
    "eventname": "name",
    "name": "name",
    "timestamp": "timestamp",
    "time": "timestamp",
    "date": "timestamp",
    "occurredat": "timestamp",
    "idempotencykey": "idempotencyKey",
}
_PREFIXES: Final = {
    "properties": "eventProperties",
    "eventproperties": "eventProperties",
    "contact": "contactProperties",
    "contactproperties": "contactProperties",
}
_KNOWN: Final = (
    "user_id, email, event, timestamp, idempotency_key, properties.<key> (of the event) "
    "and contact.<key> (of the person)"
)
_SPELLINGS: Final = str.maketrans("", "", "_- ")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnOptions:
    """What the user says about columns whose name does not say it.

    Attributes:
        properties: Columns that are properties of the event.
        contact: Columns that are properties of the person.
        text: Property columns that stay text, even where a cell looks like a number.
        ignored: Columns to leave out.
        rest_as_properties: Every other unknown column is a property of the event.
        event: The name of all events, for a file without an event column.
        utc: Times without a zone are UTC.
    """

    properties: Sequence[str] = ()
    contact: Sequence[str] = ()
    text: Sequence[str] = ()
    ignored: Sequence[str] = ()
    rest_as_properties: bool = False
    event: str | None = None
    utc: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Where the cells of a column go.

    Attributes:
        field: A field of the event as clients send it; empty for a column to leave out.
        key: The property's key, where ``field`` is a property bag.
        text: Cells stay text.
    """

    name: str
    field: str = ""
    key: str | None = None
    text: bool = False


def plan_columns(header: Sequence[str], options: ColumnOptions) -> tuple[Column, ...]:
    """Decide for every column.

    Raises:
        ConfigurationError: Naming every column that is unknown, missing or there twice.
    """
    names = [name.strip() for name in header]
    faults = [*_option_faults(names, options), *_header_faults(names)]
    columns = tuple(_column(name, options) for name in names)
    unknown = [name for name, column in zip(names, columns, strict=True) if column is None and name]
    if unknown:
        faults.append(_unknown_fault(unknown))
    known = [column for column in columns if column is not None]
    faults += _field_faults(known, options)
    if faults:
        raise ConfigurationError("\n".join(faults))
    return tuple(known)


def _column(name: str, options: ColumnOptions) -> Column | None:
    """The column called ``name``; None if nobody says what it is."""
    if name in options.ignored:
        return Column(name=name)
    text = name in options.text
    bag, key = _property(name, options)
    if bag:
        return Column(name=name, field=bag, key=key, text=text)
    field = _NAMES.get(name.lower().translate(_SPELLINGS))
    if field is None and name and (options.rest_as_properties or text):
        return Column(name=name, field="eventProperties", key=name, text=text)
    return None if field is None else Column(name=name, field=field)


def _property(name: str, options: ColumnOptions) -> tuple[str | None, str]:
    """The bag and the key of a column that is said to be a property."""
    if name in options.contact:
        return "contactProperties", name
    if name in options.properties:
        return "eventProperties", name
    prefix, _, key = name.partition(".")
    return _PREFIXES.get(prefix.lower().translate(_SPELLINGS)) if key else None, key


def _option_faults(names: Sequence[str], options: ColumnOptions) -> list[str]:
    asked = [*options.properties, *options.contact, *options.text, *options.ignored]
    return [
        f"There is no column {name!r}{_did_you_mean(name, names)}; the header has "
        f"{', '.join(names)}."
        for name in asked
        if name not in names
    ]


def _did_you_mean(name: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _header_faults(names: Sequence[str]) -> list[str]:
    faults = [
        f"Column {position} of the header has no name."
        for position, name in enumerate(names, start=1)
        if not name
    ]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    return faults + [f"The header has the column {name!r} twice; rename one." for name in twice]


def _unknown_fault(unknown: Sequence[str]) -> str:
    names = ", ".join(map(repr, unknown))
    options = " ".join(f"--property {name}" for name in unknown)
    columns = "column" if len(unknown) == 1 else "columns"
    return (
        f"Unknown {columns} {names}; nothing was stored. To store such a column as a property of "
        f"the event, add {options} (or --rest-as-properties); as a property of the person, "
        "--contact NAME; to leave it out, --ignore NAME. The first line of the file is the "
        f"header; the columns known by name are {_KNOWN}."
    )


def _field_faults(columns: Sequence[Column], options: ColumnOptions) -> list[str]:
    fields = {column.field for column in columns}
    faults = _rival_faults(columns)
    if not fields & {"userId", "email"}:
        faults.append("The header has no column for the person: user_id or email.")
    if "name" not in fields and options.event is None:
        faults.append(
            "The header has no column for the event. Call one `event`, or say what every line "
            "is with --event NAME."
        )
    if "name" in fields and options.event is not None:
        faults.append("--event is for files without an event column; this one has it.")
    return faults


def _rival_faults(columns: Sequence[Column]) -> list[str]:
    by_target: dict[tuple[str, str | None], list[str]] = {}
    for column in columns:
        if column.field:
            by_target.setdefault((column.field, column.key), []).append(column.name)
    return [
        f"The columns {' and '.join(map(repr, names))} are both {key or field}. Leave one out with "
        "--ignore NAME, or keep it as a property with --property NAME."
        for (field, key), names in by_target.items()
        if len(names) > 1
    ]
