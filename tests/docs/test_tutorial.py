"""Somebody follows the tutorial, command by command, and sees what it shows.

``console`` blocks are run in the second terminal, apart from ``make dev``, which has the first one
to itself; ``text`` blocks are what that shows next, with the answer that is typed. A ``diff`` is an
edit of the one file that it fits. A ``python`` block is shown as it stands in some file of the app.
``sh`` blocks install what is installed already, so only the soak runs them: from the wheel, in an
empty directory, as somebody with a home of their own.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

import pytest
from tests.acceptance.test_commands import free_port
from tests.docs.test_code_blocks import ROOT, Block, blocks_of, pattern_of, squeezed

PAGE = "docs/tutorial.md"
PATIENCE_S = 60
COMMANDS = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Terminal:
    """A terminal in which a command runs that does not end by itself."""

    def __init__(self, command, cwd, env):
        self._fd, theirs = pty.openpty()
        self._process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=cwd,
            env=env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(theirs)
        self._shown = ""
        self.log = ""

    def expect(self, text):
        """Wait until it has shown ``text``; what comes before is passed over."""
        pattern = re.compile(pattern_of(text), re.DOTALL)
        deadline = time.monotonic() + PATIENCE_S
        while not (found := pattern.search(squeezed(self._shown))):
            assert time.monotonic() < deadline, f"{text!r} is not in {self._shown!r}"
            self._read()
        self._shown = squeezed(self._shown)[found.end() :]

    def type(self, text):
        os.write(self._fd, text.encode())

    def close(self):
        """Ctrl-C, and wait for the end."""
        self.type("\x03")
        deadline = time.monotonic() + PATIENCE_S
        while self._process.poll() is None:
            assert time.monotonic() < deadline, self._shown
            self._read()
        self._read()
        os.close(self._fd)

    def _read(self):
        if not select.select([self._fd], [], [], 0.1)[0]:
            return
        try:
            read = os.read(self._fd, 65536).decode()
        except OSError as error:  # the other end is closed: the command has ended
            assert error.errno == errno.EIO  # noqa: PT017
            return
        text = COLOURS.sub("", read).replace("\r\n", "\n")
        self._shown += text
        self.log += text


class Reader:
    """Does what the tutorial says, in a directory."""

    def __init__(self, home, env):
        self._home = home
        self._env = env
        self._terminal = None
        self._setup = ""

    def follow(self, blocks):
        try:
            for block in blocks:
                try:
                    getattr(self, block.language)(block.code)
                except AssertionError as error:
                    error.add_note(f"{PAGE}:{block.line}")
                    raise
            look_at_studio(self._terminal.log)
        finally:
            if self._terminal is not None:
                self._terminal.close()

    def sh(self, code):
        """Remembered, because every command runs in a shell of its own."""
        subprocess.run(["bash", "-ec", code], cwd=self._home, env=self._env, check=True)
        self._setup = f". {self._home}/venv/bin/activate\n"

    def console(self, code):
        for command, expected in COMMANDS.findall(code):
            if command.startswith("cd "):
                self._home /= command.removeprefix("cd ")
            elif command.startswith("KEY="):
                self._setup += f"{command}\n"
            elif command == "make dev":
                self._terminal = Terminal(self._setup + command, self._home, self._env)
                self._terminal.expect(expected)
            else:
                self._run(command, expected)

    def _run(self, command, expected):
        """Mail goes out a moment after the event; so what only reads is read again."""
        pattern = re.compile(pattern_of(expected), re.DOTALL)
        reads = command.startswith("hogsend") and " new " not in command
        for _ in range(5 if reads else 1):
            ran = subprocess.run(
                ["bash", "-c", self._setup + command],
                cwd=self._home,
                env=self._env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            shown = squeezed(ran.stdout.rstrip("\n") + "\n" if ran.stdout else "")
            if ran.returncode == 0 and pattern.fullmatch(shown):
                return
        raise AssertionError(f"{command}\n{ran.stdout}")

    def text(self, code):
        *shown, last = re.split(r"(?<=\[Y/n\] )(y)\n", code)
        for text in shown:
            self._terminal.type("y\n") if text == "y" else self._terminal.expect(text.rstrip())
        self._terminal.expect(last.rstrip())

    def diff(self, code):
        old, new = (
            "".join(line[1:] for line in code.splitlines(keepends=True) if line[0] == sign)
            for sign in "-+"
        )
        [file] = [file for file in self._sources() if old in file.read_text()]
        file.write_text(file.read_text().replace(old, new))

    def python(self, code):
        assert any(code in file.read_text() for file in self._sources()), code

    def _sources(self):
        return [file for part in ("my_app", "tests") for file in (self._home / part).rglob("*.py")]


def look_at_studio(shown):
    """By the link that ``make dev`` shows: the bucket's members, and every file of the page."""
    link = re.search(r"http://\S+/studio/sign-in/\S+", shown)[0]
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    browser.open(link, timeout=30)
    with browser.open(f"{link.partition('/studio')[0]}/studio/buckets/power-users") as answer:
        page, address = answer.read().decode(), answer.url
    assert "ada" in page
    assert "carol" in page
    files = re.findall(r'(?:src|href)="([^"]+\.(?:js|css|svg))"', page)
    assert any("vendor/" in file for file in files)
    for file in files:
        browser.open(urljoin(address, file), timeout=30)


def follow(home, env, *, install=None):
    """Args: ``install`` is what pip is given instead of the name; without it, nothing is installed."""
    port = str(free_port())
    blocks = [
        Block(
            language=block.language,
            code=block.code.replace("3002", port).replace("install hogsend", f"install {install}"),
            line=block.line,
        )
        for block in blocks_of(PAGE)
        if install or block.language != "sh"
    ]
    Reader(home, {**env, "PORT": port, "TERM": "xterm", "COLUMNS": "200"}).follow(blocks)


@pytest.mark.timeout(300)
def test_every_command_of_the_tutorial_shows_what_it_says(database, server, tmp_path):
    """With this environment's hogsend, on a database of its own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "DATABASE_URL": database, "TEST_DATABASE_URL": server}
    follow(tmp_path, env)


@pytest.mark.soak
def test_from_the_wheel_in_an_empty_directory(tmp_path):
    """As a new user, with nothing of ours but the wheel, and the PostgreSQL that comes along."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=ROOT,
        check=True,
    )
    [wheel] = (tmp_path / "dist").iterdir()
    home = tmp_path / "home"
    home.mkdir()
    shim = tmp_path / "bin"
    shim.mkdir()
    (shim / "python3").symlink_to(sys.base_prefix + "/bin/python3")
    env = {
        **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
        "HOME": str(home),
        "PATH": f"{shim}{os.pathsep}/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
    follow(home, env, install=wheel)
