"""The key with which ``hogsend dev`` and ``hogsend demo`` can be tried at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hogsend.app.client import Client


def open_for_development(client: Client) -> str:
    """Let ``client`` take a key of this machine's, unless ADMIN_API_KEY names one.

    The key is in a file that only its owner reads, below ``.hogsend``; no database has it, so it
    opens only servers that are started from here, which listen on this machine alone.

    Returns:
        How a shell finds the key.
    """
    from pydantic import SecretStr  # noqa: PLC0415 - keeps --help quick

    if client.settings.admin_api_key is not None:
        return "$ADMIN_API_KEY"
    path = client.settings.hogsend_home / "dev" / "key"
    key = SecretStr(_read_or_make(path))
    client.settings = client.settings.model_copy(update={"admin_api_key": key})
    return f"$(cat {path})"


def _read_or_make(path: Path) -> str:
    from hogsend.ops.keys import new_key  # noqa: PLC0415 - keeps --help quick

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    (path.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    key = new_key()
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        opened.write(f"{key}\n")
    return key
