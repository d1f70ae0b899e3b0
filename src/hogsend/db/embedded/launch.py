"""Becomes one of PostgreSQL's programs: under the right account, and not to outlive its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Final

from hogsend.db.embedded.account import Account

_PR_SET_PDEATHSIG: Final = 1
BOOTSTRAP: Final = Path(__file__).with_name("bootstrap.py")


def launch_command(account: Account, program: Path, *arguments: str) -> list[str]:
    """The command that runs ``program`` as ``account``."""
    interpreter = [sys.executable, "-I", "-S", str(BOOTSTRAP)]
    return [*interpreter, "launch", account.to_json(), str(os.getpid()), str(program), *arguments]


def clean_environment() -> dict[str, str]:
    """The environment without what would steer PostgreSQL behind our back."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**inherited, "LC_ALL": "C", "TZ": "UTC"}


def main(arguments: list[str]) -> None:
    """Replace this process by the program: account, parent's process id, command."""
    account, parent, *command = arguments
    Account.from_json(account).assume()
    _end_with(int(parent))
    os.execv(command[0], command)  # noqa: S606 - there is no shell to want here


def _end_with(parent: int) -> None:
    """Have the kernel ask this process to shut down (fast) when the supervisor dies.

    Where the kernel cannot (it is Linux's), the next supervisor sees to it.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:
        sys.exit("the supervisor is gone")
