"""How a command fails: one message on stderr, and an exit code."""

from __future__ import annotations

import traceback
from typing import Final

from hogsend.errors import HogsendError

FAILED: Final = 1


def report(error: Exception, *, debug: bool) -> int:
    """Say what went wrong; returns the exit code.

    Args:
        error: An error of ours tells what to do; any other is a fault in the program.
        debug: Also show where it was raised.
    """
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick
    from rich.text import Text  # noqa: PLC0415

    console = Console(stderr=True)
    if debug:
        console.print(Text("".join(traceback.format_exception(error))), soft_wrap=True)
    console.print(Text(f"Error: {_message(error)}", style="red"), soft_wrap=True)
    return FAILED


def _message(error: Exception) -> str:
    if isinstance(error, HogsendError):
        return str(error)
    kind = type(error).__name__
    return f"{kind}: {error}. Nobody expected this; `hogsend --debug …` shows where it was raised."
