"""The reference of the Python API, made from signatures and docstrings."""

from __future__ import annotations

import inspect
import re

import hogsend
import hogsend.testing
from hogsend.buckets.definition import Member, MemberPage, Result
from hogsend.criteria.builder import CriteriaBuilder, EventBuilder, PropertyBuilder
from hogsend.journeys.context import Digest, WaitResult
from hogsend.journeys.model import LoggedEvent
from hogsend.journeys.past import Guard, History
from hogsend.journeys.when import When

NOTE = "<!-- Made from the code: make reference -->"
SECTION = re.compile(r"^(Args|Attributes|Returns|Raises):$")
ENTRY = re.compile(r"^    (\w[\w.]*|\*\*?\w+): (.*)$")
GROUPS = (
    ("hogsend", hogsend),
    ("hogsend.testing", hogsend.testing),
)


def python_page():
    """Every public name of every public module, with all that can be called on it."""
    lines = ["# Python API", "", NOTE, ""]
    lines += [
        "What is imported from these modules, and the public methods and properties of what they",
        "give, stay as they are (see [upgrading](../guides/upgrading.md)); anything else may change.",
    ]
    for module_name, module in GROUPS:
        lines += ["", f"## `{module_name}`"]
        for name in sorted(module.__all__, key=str.lower):
            lines += ["", *described(name, getattr(module, name))]
    for title, kinds in GIVEN.items():
        lines += ["", f"## {title}"]
        for kind in kinds:
            lines += ["", *described(kind.__name__, kind)]
    return "\n".join(lines) + "\n"


def described(name, value):
    if not callable(value):
        return [f"### `{name}`", "", f"`{value!r}`"]
    if not inspect.isclass(value):
        return [f"### `{name}`", "", *block(value, name), "", *prose(value, name)]
    lines = [f"### `{name}`", "", *prose(value, name), *fields(value)]
    for member_name, member in members(value):
        lines += ["", f"#### `{name}.{member_name}`", ""]
        if not isinstance(member, property):
            lines += [*block(member, member_name), ""]
        lines += prose(member, f"{name}.{member_name}")
    return lines


GIVEN = {
    "The criteria's builder": (CriteriaBuilder, PropertyBuilder, EventBuilder),
    "What a journey's context has": (When, History, Guard, WaitResult, Digest, LoggedEvent),
    "What a bucket answers with": (Result, Member, MemberPage),
}
"""What is not imported, but got."""


def fields(kind):
    """The attributes of a record, with their types."""
    names = getattr(kind, "__dataclass_fields__", getattr(kind, "__struct_fields__", ()))
    return [""] * bool(names) + [
        f"- `{name}`: `{shown(kind.__annotations__[name]).text}`"
        for name in names
        if name in kind.__annotations__ and not name.startswith("_")
    ]


def members(kind):
    """What can be called on it, in the order of its definition; records only have attributes."""
    if issubclass(kind, Exception):
        return []
    own = [kind, *(base for base in kind.__mro__[1:] if base.__name__.startswith("_"))]
    return [
        (name, value)
        for each in own
        for name, value in vars(each).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or isinstance(value, property))
        and not (isinstance(value, property) and value.fget is None)
    ]


def block(function, name):
    """Its signature, as Python has it; overloads are told by the names of their arguments."""
    signature = inspect.signature(function)
    parameters = [
        parameter.replace(annotation=shown(parameter.annotation))
        for parameter in signature.parameters.values()
        if parameter.name != "self"
    ]
    start = "async def" if inspect.iscoroutinefunction(function) else "def"
    lines = [f"{start} {name}("]
    keyword_only = False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            lines.append("    *,")
        lines.append(f"    {parameter},")
    result = shown(signature.return_annotation)
    arrow = "" if result is inspect.Signature.empty else f" -> {result.text}"
    if not parameters:
        return ["```text", f"{start} {name}(){arrow}", "```"]
    return ["```text", *lines, f"){arrow}", "```"]


class Text:
    """An annotation that is shown as it was written."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def shown(annotation):
    if annotation is inspect.Signature.empty:
        return annotation
    text = (
        annotation
        if isinstance(annotation, str)
        else getattr(annotation, "__name__", repr(annotation))
    )
    return Text(text.removeprefix("typing."))


def prose(value, name):
    """The docstring; arguments and the like as lists."""
    docstring = inspect.getdoc(value.fget if isinstance(value, property) else value)
    assert docstring, f"{name} has no docstring"
    lines, section = [], None
    for line in docstring.splitlines():
        if found := SECTION.match(line):
            section = found[1]
            lines.append(f"**{section}**")
            lines.append("")
        elif section and (entry := ENTRY.match(line)):
            lines.append(f"- `{entry[1]}`: {entry[2]}")
        elif section and line:
            lines.append(f"{'  ' if line.startswith('     ') else ''}{line.strip()}")
        else:
            section = section if line else None
            lines.append(line)
    return [line.replace("``", "`") for line in lines]


def public_names():
    return {name for _, module in GROUPS for name in module.__all__}
