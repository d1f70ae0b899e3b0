"""Saves what a command printed as an SVG picture that needs nothing from anywhere else."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from rich.console import Console

from hogsend.errors import ConfigurationError

_WIDTH: Final = 108
_FORMAT: Final = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
}}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def recorder(command: str) -> Console:
    """A console that shows nothing and remembers what ``command`` printed."""
    console = Console(
        record=True,
        file=io.StringIO(),
        width=_WIDTH,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )
    console.print(f"$ {command}", style="bold", markup=False)
    return console


def save_picture(path: Path, recorded: Console) -> None:
    """Write to ``path`` what a recorder remembers.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    picture = recorded.export_svg(title="hogsend", code_format=_FORMAT, unique_id="hogsend")
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from error
