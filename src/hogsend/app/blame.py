"""Where in the user's own code an import failed, and with what."""

from __future__ import annotations

import traceback
from pathlib import Path

from hogsend.errors import HogsendError


def blame(error: Exception, home: Path) -> str:
    """What went wrong and where, e.g. ``app.py:12: NameError: name 'b' is not defined``.

    Args:
        error: What the import raised.
        home: Where the user's code is; places are relative to it.
    """
    kind = "" if isinstance(error, HogsendError) else f"{type(error).__name__}: "
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{_place(error, home)}{kind}{message}"


def _place(error: Exception, home: Path) -> str:
    if isinstance(error, SyntaxError):
        return f"{_shown(error.filename or '', home)}:{error.lineno}: "
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(home) and "site-packages" not in frame.filename
    ]
    return f"{_shown(frames[-1].filename, home)}:{frames[-1].lineno}: " if frames else ""


def _shown(filename: str, home: Path) -> str:
    path = Path(filename)
    return str(path.relative_to(home)) if path.is_relative_to(home) else filename
