"""Finds the user's app: the client that their code makes."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from hogsend.app.blame import blame
from hogsend.errors import ConfigurationError

if TYPE_CHECKING:
    from hogsend.app.client import Client

_ATTRIBUTE: Final = "client"
_FILE: Final = "app.py"
_PROJECT: Final = "pyproject.toml"
_HOW: Final = (
    "Name it with --app module:attribute, --app path/app.py or HOGSEND_APP; the attribute is what "
    "`client = create_client(buckets=[...])` makes."
)


def load_client(reference: str | None) -> Client:
    """The client that ``reference`` names.

    Args:
        reference: ``module:attribute`` or ``path/file.py:attribute``, the attribute being
            ``client`` if it is left out; None is what pyproject.toml in the working directory
            says (``[tool.hogsend]``, ``app``), else ``client`` of ``app.py`` or of the package
            ``app`` there.

    Raises:
        ConfigurationError: There is no such thing, or it cannot be imported; says where.
    """
    source, _, attribute = (reference or _default()).partition(":")
    attribute = attribute or _ATTRIBUTE
    module = _import_file(Path(source)) if _is_path(source) else _import_module(source)
    return _client_of(module, source, attribute)


def has_default() -> bool:
    """Whether the working directory has an app that need not be named."""
    return _find_default() is not None


def _default() -> str:
    found = _find_default()
    if found is None:
        raise ConfigurationError(
            f"There is no app.py in this directory, so which app is meant? {_HOW}"
        )
    return found


def _find_default() -> str | None:
    if named := _named_by_project():
        return named
    if Path(_FILE).is_file():
        return _FILE
    return "app" if Path("app", "__init__.py").is_file() else None


def _named_by_project() -> str | None:
    """What ``[tool.hogsend]`` of the working directory's pyproject.toml names."""
    import tomllib  # noqa: PLC0415 - keeps --help quick

    try:
        project = tomllib.loads(Path(_PROJECT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{_PROJECT} cannot be read: {error}") from error
    named = project.get("tool", {}).get("hogsend", {}).get("app")
    if named is not None and not isinstance(named, str):
        raise ConfigurationError(
            f"{_PROJECT}: app in [tool.hogsend] must be a text such as "
            f'"my_app.app:client"; got {named!r}'
        )
    return named


def find_home(reference: str | None) -> Path:
    """The directory that has the files of the app that ``reference`` names, as far as is known."""
    source = (reference or _default()).partition(":")[0]
    if _is_path(source):
        return Path(source).parent
    package = Path(source.partition(".")[0])
    return package if package.is_dir() else Path()


def _is_path(source: str) -> bool:
    return source.endswith(".py") or "/" in source


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ConfigurationError(f"There is no file {path}. {_HOW}")
    name = path.stem if path.stem not in sys.modules else f"hogsend_app_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"{path} is not a Python file. {_HOW}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise _import_error(str(path), error, path.resolve().parent) from error
    return module


def _import_module(name: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise ConfigurationError(f"There is no module {error.name!r}. {_HOW}") from error
        raise _import_error(name, error, Path.cwd()) from error
    except Exception as error:
        raise _import_error(name, error, Path.cwd()) from error


def _import_error(source: str, error: Exception, home: Path) -> ConfigurationError:
    return ConfigurationError(f"{source} cannot be imported. {blame(error, home)}")


def _client_of(module: ModuleType, source: str, attribute: str) -> Client:
    from hogsend.app.client import Client  # noqa: PLC0415 - keeps --help quick

    found = getattr(module, attribute, None)
    if isinstance(found, Client):
        return found
    clients = [name for name, value in vars(module).items() if isinstance(value, Client)]
    hint = f"Did you mean {source}:{clients[0]}?" if clients else _HOW
    if found is None:
        raise ConfigurationError(f"{source} has no {attribute!r}. {hint}")
    raise ConfigurationError(
        f"{source}:{attribute} is of type {type(found).__name__}, not a client. {hint}"
    )
