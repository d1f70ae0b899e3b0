"""Finds an app's definitions by its package: what ``buckets`` and ``journeys`` in it define.

Every module of the two is imported, so that a new file is all that a new bucket takes. What keeps
one from being imported does not hide what is wrong with the others.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Final

from hogsend.app.blame import blame
from hogsend.buckets.definition import Bucket
from hogsend.email.templates import TemplateHome
from hogsend.errors import ConfigurationError, DefinitionError
from hogsend.journeys.definition import Journey

_HOMES: Final = ("buckets", "journeys")
_TEMPLATES: Final = "emails"
_MIGRATIONS: Final = "migrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an app's package has."""

    buckets: tuple[Bucket, ...]
    journeys: tuple[Journey, ...]
    templates: TemplateHome | None
    migrations: Path | None


def discover(app: str) -> Found:
    """Import all that defines the app ``app``, and collect it.

    Args:
        app: The name of a package with ``buckets`` or ``journeys`` in it, packages or modules, and
            perhaps the directories ``emails`` and ``migrations``.

    Raises:
        ConfigurationError: There is no such package, or neither is in it.
        DefinitionError: With everything that cannot be imported, and every id defined twice.
    """
    home = _find_home(app)
    search = _Search(home=home)
    for name in _HOMES:
        search.visit(f"{app}.{name}")
    faults = [*search.faults, *search.duplicates()]
    if faults:
        raise DefinitionError(faults)
    if not search.modules:
        raise ConfigurationError(
            f"The package {app!r} has neither `buckets` nor `journeys`; put a bucket into "
            f"{app}/buckets/NAME.py, or name what there is: create_client(buckets=[…])."
        )
    templates = files(app) / _TEMPLATES
    migrations = Path(str(files(app) / _MIGRATIONS))
    return Found(
        buckets=tuple(each for each in search.definitions if isinstance(each, Bucket)),
        journeys=tuple(each for each in search.definitions if isinstance(each, Journey)),
        templates=templates if templates.is_dir() else None,
        migrations=migrations if migrations.is_dir() else None,
    )


@dataclass(slots=True, kw_only=True)
class _Search:
    """What has been come across.

    Attributes:
        found: Each definition and the module that has it first, by identity: importing it from
            there is not defining it twice.
    """

    home: Path
    found: dict[int, tuple[Bucket | Journey, str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    modules: int = 0

    @property
    def definitions(self) -> list[Bucket | Journey]:
        """In the order of their modules' names."""
        return [each for each, _ in self.found.values()]

    def visit(self, name: str) -> None:
        """Import the module ``name``, if there is one, and all below it."""
        if name not in sys.modules and find_spec(name) is None:
            return
        module = self._import(name)
        if module is None:
            return
        self.modules += 1
        for value in vars(module).values():
            if isinstance(value, Bucket | Journey):
                self.found.setdefault(id(value), (value, name))
        for each in _below(module):
            self.visit(each)

    def _import(self, name: str) -> ModuleType | None:
        try:
            return import_module(name)
        except Exception as error:  # noqa: BLE001 - whatever a module raises is told with the rest
            fault = f"{name} cannot be imported. {blame(error, self.home)}"
            told = {known.partition(". ")[2] for known in self.faults}
            if fault.partition(". ")[2] not in told:  # the same one, come across by another way
                self.faults.append(fault)
            return None

    def duplicates(self) -> Iterator[str]:
        """Ids that several definitions carry, and where those are."""
        places: dict[tuple[str, str], list[str]] = {}
        for each, module in self.found.values():
            kind = "bucket" if isinstance(each, Bucket) else "journey"
            places.setdefault((kind, each.id), []).append(module)
        for (kind, id_), modules in places.items():
            if len(modules) > 1:
                yield (
                    f"{kind} {id_!r} is defined {len(modules)} times, in "
                    f"{' and in '.join(sorted(modules))}; ids must differ"
                )


def _find_home(app: str) -> Path:
    """The directory that the package ``app`` is in."""
    try:
        package = import_module(app)
    except ModuleNotFoundError as error:
        if error.name != app:
            raise
        raise ConfigurationError(
            f"There is no package {app!r} on Python's path; it is run from the directory that has "
            f"{app}/, or installed."
        ) from error
    if not hasattr(package, "__path__"):
        raise ConfigurationError(
            f"{app!r} is a module; create_client(app=…) takes the name of a package, a directory "
            "with `buckets` and `journeys` in it."
        )
    return Path(next(iter(package.__path__))).parent


def _below(module: ModuleType) -> list[str]:
    """The modules directly in a package, in the order of their names.

    Also directories without an ``__init__.py``, which ``pkgutil`` leaves out: nobody should lose
    a bucket to an empty file that is not there.
    """
    path = list(getattr(module, "__path__", ()))
    names = {each.name for each in pkgutil.iter_modules(path)}
    names |= {
        folder.name
        for folder in (each for place in path for each in Path(place).glob("*/"))
        if folder.name.isidentifier() and any(folder.glob("*.py"))
    }
    return sorted(f"{module.__name__}.{name}" for name in names)
