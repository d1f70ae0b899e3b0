"""The command line: each command parses, calls ``ops`` or ``app``, and prints."""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``hogsend`` with the arguments of this process."""
    from hogsend.cli.entry import run  # noqa: PLC0415 - importing one command does not import all

    sys.exit(run(sys.argv[1:]))
