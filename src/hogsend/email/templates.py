"""Templates: Jinja2 around MJML or HTML, read and checked once, at start.

``NAME.mjml`` or ``NAME.html`` is a template, ``NAME.txt`` beside it its plain text. Names may
contain directories. What begins with ``_``, file or directory, can be extended and included, not
sent. The subject is ``{% block subject %}``.

Jinja comes first, MJML second, so that loops and inheritance may span MJML's elements.
"""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, TypeAlias

import jinja2
import mjml

from hogsend.email.errors import TemplateError
from hogsend.email.model import Content
from hogsend.email.plain import to_text
from hogsend.email.stand_in import Absent, Present
from hogsend.errors import DefinitionError

MARKUP: Final = (".mjml", ".html")
TEXT: Final = ".txt"
RESERVED: Final = frozenset({"user", "unsubscribe_url"})
"""Variables that every template has; props cannot have these names."""

TemplateHome: TypeAlias = "str | Path | Traversable"
"""A directory, or one within a package: ``importlib.resources.files("app") / "emails"``."""

_SUBJECT: Final = (
    "Put {% block subject %}…{% endblock %} in it, within <mj-title> or <title>, or pass subject=."
)
_UNKNOWN_ELEMENT: Final = re.compile(r"<(mj-[\w-]+)")


class Templates:
    """The templates of an app.

    Args:
        home: Their directory; None is no templates at all.

    Raises:
        DefinitionError: With every fault in every template.
    """

    def __init__(self, home: TemplateHome | None = None) -> None:
        sources = {} if home is None else _read(Path(home) if isinstance(home, str) else home)
        self.home = home
        self._sources = sources
        self._environment = _environment(sources, jinja2.StrictUndefined)
        self._files, faults = _sendable(sources)
        faults += _check(sources, self._files.values())
        if faults:
            raise DefinitionError([f"{home}: {fault}" for fault in faults])

    @property
    def names(self) -> list[str]:
        """The names that can be sent."""
        return sorted(self._files)

    def render(
        self, name: str, variables: Mapping[str, Any], *, subject: str | None = None
    ) -> Content:
        """Render a template.

        Args:
            name: Which.
            variables: Everything that it may use.
            subject: Instead of the template's.

        Raises:
            TemplateError: There is no such template, a variable is missing, or it has no subject.
        """
        file = self._file(name)
        try:
            markup, own_subject = _render(self._environment, file, variables)
            text = self._text(name, variables)
        except jinja2.UndefinedError as error:
            raise TemplateError(
                f"The template {file} needs a variable: {error.message}. Pass it in props=, or "
                "let the template do without: {{ name | default('there') }}."
            ) from error
        except Exception as error:
            raise TemplateError(f"The template {file}: {_said(error)}") from error
        if not (subject or own_subject):
            raise TemplateError(f"The template {file} has no subject. {_SUBJECT}")
        page = _compile(file, markup)
        return Content(
            subject=_one_line(subject or own_subject),
            html=page,
            text=to_text(page) if text is None else text,
        )

    def _file(self, name: str) -> str:
        if name in self._files:
            return self._files[name]
        if not self._files:
            where = f"{self.home} has none" if self.home else "the client has none"
            raise TemplateError(
                f"There is no template {name!r}: {where}. Say where they are with "
                "create_client(templates=DIRECTORY)."
            )
        close = difflib.get_close_matches(name, self._files, n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        raise TemplateError(
            f"There is no template {name!r} in {self.home}. {hint}"
            f"There are: {', '.join(self.names)}."
        )

    def _text(self, name: str, variables: Mapping[str, Any]) -> str | None:
        if name + TEXT not in self._sources:
            return None
        return self._environment.get_template(name + TEXT).render(variables).strip() + "\n"


def _read(home: Path | Traversable) -> dict[str, str]:
    """Every template file below ``home``, by its path from there."""
    if not home.is_dir():
        raise DefinitionError(
            [f"{home}: there is no such directory of templates. See create_client(templates=...)."]
        )
    return dict(sorted(_walk(home, "")))


def _walk(folder: Path | Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((*MARKUP, TEXT)):
            yield prefix + entry.name, entry.read_text(encoding="utf-8")


def _environment(
    sources: Mapping[str, str], undefined: type[jinja2.Undefined]
) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.DictLoader(sources),
        undefined=undefined,
        autoescape=lambda name: name is None or not name.endswith(TEXT),  # noqa: S701 - it is on
        cache_size=-1,
    )


def _sendable(sources: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The files of the names that can be sent, and what is wrong with the names."""
    files: dict[str, str] = {}
    faults = []
    for file in sources:
        name, dot, kind = file.rpartition(".")
        if any(part.startswith("_") for part in file.split("/")):
            continue
        if dot + kind == TEXT:
            if not any(name + markup in sources for markup in MARKUP):
                faults.append(f"{file} is the text of no template; add {name}.mjml or {name}.html")
        elif name in files:
            faults.append(f"{files[name]} and {file} have the same name; remove one")
        else:
            files[name] = file
    return files, faults


def _check(sources: Mapping[str, str], files: Iterable[str]) -> list[str]:
    """What is wrong with the templates, as far as can be told without their variables."""
    environments = [_environment(sources, kind) for kind in (Present, Absent)]
    faults = [fault for file in sources for fault in _syntax_faults(environments[0], file)]
    if not faults:
        faults = [fault for file in files for e in environments for fault in _trial(e, file)]
    return list(dict.fromkeys(faults))


def _syntax_faults(environment: jinja2.Environment, file: str) -> Iterator[str]:
    try:
        environment.get_template(file)
    except jinja2.TemplateSyntaxError as error:
        yield f"{file}:{error.lineno}: {error.message}"


def _trial(environment: jinja2.Environment, file: str) -> Iterator[str]:
    """Render with stand-ins; what those cannot do (a filter on a date, say) is no fault."""
    try:
        _compile(file, _render(environment, file, {})[0])
    except jinja2.TemplateNotFound as error:
        yield f"{file}: it extends or includes {error.message}, which is not there"
    except TemplateError as error:
        yield str(error)
    except Exception:  # noqa: BLE001, S110 - the real variables may well do it
        pass


def _compile(file: str, markup: str) -> str:
    """What a template made, as HTML that loads nothing from anywhere by itself."""
    if not file.endswith(".mjml"):
        return markup
    try:
        page: str = mjml.mjml2html(markup, fonts={})
    except ValueError as error:
        raise TemplateError(f"{file}: its MJML is wrong: {error}") from error
    if unknown := _UNKNOWN_ELEMENT.search(page):
        raise TemplateError(f"{file}: its MJML is wrong: <{unknown[1]}> means nothing there")
    return page


def _render(
    environment: jinja2.Environment, file: str, variables: Mapping[str, Any]
) -> tuple[str, str]:
    """What a template makes, and its subject: the block of it or of what it extends."""
    template = environment.get_template(file)
    context = template.new_context(dict(variables))
    markup = "".join(template.root_render_func(context))
    block = context.blocks.get("subject")
    return markup, html.unescape("".join(block[0](context))) if block else ""


def _one_line(text: str) -> str:
    """Without line breaks, which would end the header that it goes into."""
    return " ".join(text.split())


def _said(error: Exception) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        return f"it extends or includes {error.message}, which is not there"
    return f"{type(error).__name__}: {error}"
