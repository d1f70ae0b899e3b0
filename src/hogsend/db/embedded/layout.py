"""Where the embedded server keeps its things, all under ``<home>/postgres``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from hogsend.errors import DatabaseError


@dataclass(frozen=True, slots=True)
class Layout:
    """The names of the files in the directory ``root``."""

    root: Path

    @classmethod
    def of_home(cls, home: Path) -> Self:
        """The layout under ``home`` (``.hogsend``), made absolute and free of links."""
        return cls(home.resolve() / "postgres")

    @property
    def users_lock(self) -> Path:
        """Shared by every process that uses the server; exclusive while it is being stopped."""
        return self.root / "users.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Exclusive for the life of the one supervisor."""
        return self.root / "supervisor.lock"

    @property
    def server_lock(self) -> Path:
        """Exclusive, and inherited by initdb and by every process of the server."""
        return self.root / "server.lock"

    @property
    def published(self) -> Path:
        """How to reach the server, written once it accepts connections."""
        return self.root / "server.json"

    @property
    def failure(self) -> Path:
        """Why the last supervisor gave up, if it did."""
        return self.root / "failure.txt"

    @property
    def elsewhere(self) -> Path:
        """The path of the directory that holds ``data`` if not ``root`` itself."""
        return self.root / "elsewhere.txt"

    @property
    def log(self) -> Path:
        """What the server and its supervisor say."""
        return self.root / "server.log"

    def place(self) -> Path:
        """The directory that holds ``data``.

        Raises:
            DatabaseError: It was elsewhere, and is no more.
        """
        try:
            place = Path(self.elsewhere.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return self.root
        if not place.is_dir():
            raise DatabaseError(
                f"The database was in {place}, which is gone. Bring it back, or remove "
                f"{self.elsewhere} to start with an empty database."
            )
        return place

    def make(self) -> None:
        """Make the directory, private to its owner and ignored by git."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        ignore = self.root / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a supervisor is told when it is spawned."""

    root: str
    binaries: str
    settings: dict[str, str]

    def to_json(self) -> str:
        """One command-line argument."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of ``to_json``."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What users read once the server accepts connections.

    Attributes:
        socket_directory: Where its Unix socket is.
        postmaster: Its process id.
        notice: What the operator should know about how it runs, or nothing.
    """

    socket_directory: str
    postmaster: int
    notice: str

    def write(self, path: Path) -> None:
        """Replace the file."""
        write_at_once(path, json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """What is published, or None."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None


def write_at_once(path: Path, text: str) -> None:
    """Replace the file so that nobody reads half of it.

    Readable to all whom the directory lets in: root may run the server of another user.
    """
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(0o644)
    draft.replace(path)
