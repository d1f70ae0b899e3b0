"""What the text of a CSV cell means."""

from __future__ import annotations

import math

import pytest

from hogsend.events.importing.cells import cell_value

MEANINGS = {
    "5": 5,
    "0": 0,
    "-12": -12,
    "29.33": 29.33,
    "-1.5e3": -1500.0,
    "2E2": 200.0,
    "true": True,
    "false": False,
    "9223372036854775807": 2**63 - 1,
    # Not numbers in JSON, so text:
    "007": "007",
    "+5": "+5",
    ".5": ".5",
    "5.": "5.",
    "1,000": "1,000",
    "0x10": "0x10",
    "1_000": "1_000",
    "١٢": "١٢",
    "True": "True",
    "null": "null",
    " 5": " 5",
    "nan": "nan",
    # More than 64 bits are an id:
    "9223372036854775808": "9223372036854775808",
    "-9223372036854775809": "-9223372036854775809",
    "1" * 5000: "1" * 5000,
}


@pytest.mark.parametrize(("text", "value"), MEANINGS.items(), ids=lambda text: str(text)[:30])
def test_a_cell_is_read_as_json_would(text, value):
    """JSON numbers and booleans are values, all else is text."""
    read = cell_value(text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "inf", "-inf", "1e400"])
def test_what_is_no_number_stays_no_number(text):
    """These become floats that the check of the event refuses, not text that compares false."""
    assert not math.isfinite(cell_value(text))
