"""Runs ``supervisor`` or ``launch`` in a bare interpreter (``python -I -S bootstrap.py ...``).

Both must start within milliseconds, depend on the standard library alone, and stay small
for as long as the server runs. So the packages above them are stood in for by empty ones,
and nobody's ``__init__`` is executed.
"""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path


def _stand_in() -> None:
    embedded = Path(__file__).resolve().parent
    for name, folder in (
        ("hogsend", embedded.parents[1]),
        ("hogsend.db", embedded.parent),
        ("hogsend.db.embedded", embedded),
    ):
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package


if __name__ == "__main__":
    _stand_in()
    importlib.import_module(f"hogsend.db.embedded.{sys.argv[1]}").main(sys.argv[2:])
