"""Values that stand in for a template's variables when it is checked at start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jinja2


class Present(jinja2.ChainableUndefined):
    """Something: true, a number, a text, a list of one, whatever is asked for."""

    __slots__ = ()

    def __str__(self) -> str:
        return "1"

    def __iter__(self) -> Iterator[Any]:
        yield self

    def __len__(self) -> int:
        return 1

    def __bool__(self) -> bool:
        return True

    def __int__(self) -> int:  # type: ignore[override]
        return 1

    def __float__(self) -> float:  # type: ignore[override]
        return 1.0

    def _same(self, *_: object, **__: object) -> Any:
        return self

    def _yes(self, _: object) -> bool:
        return True

    __call__ = _same
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _same
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _same
    __pos__ = __neg__ = __pow__ = __rpow__ = __round__ = _same
    __lt__ = __le__ = __gt__ = __ge__ = _yes  # type: ignore[assignment]


class Absent(Present):
    """Nothing: false, empty."""

    __slots__ = ()

    def __str__(self) -> str:
        return ""

    def __iter__(self) -> Iterator[Any]:
        yield from ()

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def _no(self, _: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _no
