"""The references of settings, metrics and commands say what the code does: ``make reference``."""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path

import pytest
import typer
from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from tests.docs.python_page import python_page

from hogsend.cli.entry import hogsend
from hogsend.ops.figures import Figures
from hogsend.settings import Settings
from hogsend.telemetry.metrics import Metrics

HOME = Path(__file__).parents[2] / "docs" / "reference"
NOTE = "<!-- Made from the code: make reference -->"


def settings_page():
    """Every variable, its default and its meaning, from the settings' docstring."""
    about = re.findall(
        r"^ {4,8}(\w+): (.+?)(?=^ {4,8}\w+: |\n\n|\Z)",
        inspect.getdoc(Settings).partition("Attributes:")[2].partition("Raises:")[0],
        re.MULTILINE | re.DOTALL,
    )
    meanings = {name: " ".join(text.split()) for name, text in about}
    lines = [
        "# Settings",
        "",
        NOTE,
        "",
        "Environment variables. One that is set but empty counts as not set; a value that cannot be",
        "used is an error at the start that names it.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `{name.upper()}` | {shown(field.default)} | {meanings[name]} |")
    lines += [
        "",
        "`HOGSEND_APP` names the app for the command line (`--app`), and "
        "`PROMETHEUS_MULTIPROC_DIR` is set",
        "by `hogsend api --workers N` itself.",
    ]
    return "\n".join(lines) + "\n"


def shown(default):
    if default is None or default is PydanticUndefined or isinstance(default, SecretStr):
        return ""
    return f"`{default}`"


def metrics_page():
    """Every family: name, kind, labels and meaning."""
    figures = Figures(drift={"b": 0}, journeys={"s": 0}, jobs={"s": 0}, mail={"s": 0}, due_timers=0)
    own = Metrics()
    for counter in (own.events.labels("o"), own.requests.labels("m", "r", "s")):
        counter.inc()
    own.request_seconds.labels("r").observe(1)
    lines = [
        "# Metrics",
        "",
        NOTE,
        "",
        "`GET /metrics`, with a key of the scope `read`.",
    ]
    for title, families in (
        ("Of the process that answers", own.registry.collect()),
        ("Of the whole installation", figures.families()),
    ):
        lines += [
            "",
            f"## {title}",
            "",
            "| metric | kind | labels | meaning |",
            "|---|---|---|---|",
        ]
        lines += [row(family) for family in families]
    return "\n".join(lines) + "\n"


def row(family):
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
    assert family.documentation, f"{name} is not documented"
    shown_labels = ", ".join(f"`{label}`" for label in labels)
    return f"| `{name}` | {family.type} | {shown_labels} | {family.documentation} |"


def commands_page():
    """Every command with its arguments and options."""
    lines = ["# Command line", "", NOTE]
    for name, command in commands(typer.main.get_command(hogsend), "hogsend"):
        assert command.help, f"{name} has no help"
        lines += ["", f"## `{name}`", "", " ".join(command.help.split())]
        entries = [entry(parameter) for parameter in command.params if is_shown(parameter)]
        if entries:
            lines += ["", "| | |", "|---|---|", *entries]
    return "\n".join(lines) + "\n"


def commands(command, name):
    """All commands below, groups left out but for the first."""
    children = getattr(command, "commands", {})
    if not children or name == "hogsend":
        yield name, command
    for child in sorted(children):
        yield from commands(children[child], f"{name} {child}")


def is_shown(parameter):
    return not getattr(parameter, "hidden", False) and parameter.name != "help"


def entry(parameter):
    if parameter.param_type_name == "argument":
        name = parameter.metavar or parameter.name.upper()
    else:
        name = ", ".join([*parameter.opts, *parameter.secondary_opts])
        name += "" if parameter.is_flag else f" {parameter.metavar or 'TEXT'}"
    text = " ".join((getattr(parameter, "help", None) or "").split())
    assert text or parameter.param_type_name == "argument", f"{name} has no help"
    return f"| `{name}` | {text.replace('|', chr(92) + '|')} |"


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("settings.md", settings_page),
        ("metrics.md", metrics_page),
        ("cli.md", commands_page),
        ("python.md", python_page),
    ],
)
def test_a_reference_is_up_to_date(name, make):
    """After a change: make reference."""
    made = make()
    page = HOME / name
    if os.environ.get("UPDATE"):
        page.write_text(made)
    assert page.exists(), "make reference"
    assert page.read_text() == made, "make reference"
