"""What the text of a CSV cell means as a property's value."""

from __future__ import annotations

import re
from typing import Final

CellValue = str | int | float | bool

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NO_NUMBERS: Final = frozenset({"NaN", "Infinity", "-Infinity", "inf", "-inf"})
_LONGEST_INTEGER: Final = len(str(-(2**63)))
_CONSTANTS: Final = {"true": True, "false": False}


def cell_value(text: str) -> CellValue:
    """Read a cell as JSON would: numbers and ``true``/``false``; all else is text.

    So ``5`` and ``-1.5e3`` are numbers; ``007``, ``+5``, ``1,000``, ``.5`` are text, and so are
    whole numbers of more than 64 bits, which are ids. What stands for no number (``NaN``,
    ``inf``) becomes a float, so that the check of the event refuses it.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text in _NO_NUMBERS:
        return float(text)
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    if match[1] or match[2]:
        return float(text)
    return _integer(text)


def _integer(text: str) -> int | str:
    if len(text) > _LONGEST_INTEGER:
        return text
    value = int(text)
    return value if -(2**63) <= value < 2**63 else text
