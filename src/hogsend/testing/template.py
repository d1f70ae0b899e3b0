"""The migrated database that all others are cloned from, made once per server and schema."""

from __future__ import annotations

import functools
import hashlib
from typing import Final

from hogsend.db.migrate import MIGRATIONS, migrate, packaged_revisions
from hogsend.testing.owner import Owner

_PREFIX: Final = "hogsend_template_"
_PATTERN: Final = f"^{_PREFIX}[0-9]+_[0-9a-f]{{12}}$"


@functools.cache
def template_name() -> str:
    """Names the newest revision and, for those who are still writing it, its content."""
    digest = hashlib.sha256()
    for path in sorted((MIGRATIONS / "versions").iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{_PREFIX}{packaged_revisions()[-1]}_{digest.hexdigest()[:12]}"


async def ensure_template(owner: Owner) -> str:
    """The name of the template, which is made if it is missing.

    It is migrated under another name, which a killed process leaves to the sweep, so whatever has
    the template's name is complete. Templates of other schema versions are dropped.
    """
    name = template_name()
    if await owner.exists(name):
        return name
    await owner.lock_templates()
    try:
        if not await owner.exists(name):
            draft = await owner.create("template0")
            await migrate(owner.dsn_of(draft))
            await owner.seal(draft, name)
            await owner.drop_like(_PATTERN, keep=name)
    finally:
        await owner.unlock_templates()
    return name
