"""Commands without the second that importing takes.

One process imports the program and then forks a copy of itself for every command: a process of its
own as any other, with its own directory, environment, pipes and signals, that began where Python
would have finished importing. That a cold start works is shown by the docs' console sessions.

``python -m tests.warm FD`` is that process; ``Warm`` is the other end of its line.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMAND = "from hogsend.cli import main; main()"
_ELSEWHERE = ("hogsend.cli.bench", "hogsend.testing", "hogsend.db.migrations")


class Warm:
    """Starts commands."""

    def __init__(self):
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.warm", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
            )

    def start(self, arguments, *, cwd, env):
        """``hogsend`` with these arguments."""
        order = {"argv": ["hogsend", *arguments], "cwd": str(cwd), "env": env}
        out, err, status = os.pipe(), os.pipe(), os.pipe()
        theirs = [out[1], err[1], status[1]]
        socket.send_fds(self._line, [b"."], theirs)
        self._line.sendall(json.dumps(order).encode() + b"\n")
        for fd in theirs:
            os.close(fd)
        return Running(*(os.fdopen(pipe[0]) for pipe in (out, err, status)))

    def close(self):
        """Let the process go; what it started goes on."""
        self._line.close()
        self._process.wait()


class Running:
    """A command that was started; as ``subprocess.Popen`` has it."""

    def __init__(self, stdout, stderr, status):
        self.stdout, self.stderr = stdout, stderr
        self.pid = int(status.readline())
        self.returncode = None
        self._status = status
        self._ended = threading.Thread(target=self._wait, daemon=True)
        self._ended.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wait()
        self.stdout.close()
        self.stderr.close()

    def _wait(self):
        with self._status:
            self.returncode = int(self._status.readline())

    def poll(self):
        return self.returncode

    def wait(self, timeout=None):
        self._ended.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("hogsend", timeout)
        return self.returncode

    def communicate(self, timeout=None):
        """The rest of what it says; again, nothing."""
        with ThreadPoolExecutor() as readers:
            said = readers.map(_rest, (self.stdout, self.stderr))
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()  # so that the readers come to an end
                raise
        return tuple(said)

    def send_signal(self, number):
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def _rest(stream):
    if stream.closed:
        return ""
    with stream:
        return stream.read()


def modules():
    """All that a command may import."""
    for found in pkgutil.walk_packages(import_module("hogsend").__path__, "hogsend."):
        if not found.name.startswith(_ELSEWHERE):
            yield found.name


def wait_for_order(line):
    """Returns in each copy, with what it is to do and its pipes; ends when nobody is there."""
    for name in ["uvloop", *modules()]:
        import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the watchers
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    orders = line.makefile("rb")
    while True:
        mark, fds, _, _ = socket.recv_fds(line, 1, 3)
        if not mark:
            sys.exit()
        order = json.loads(orders.readline())
        if os.fork() == 0:
            orders.close()
            line.close()
            return order, watch(*fds)
        for fd in fds:
            os.close(fd)


def watch(out, err, status):
    """Returns in a copy of this process; here, wait for it and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if (pid := os.fork()) == 0:
        os.close(status)
        return out, err
    os.close(out)
    os.close(err)
    os.write(status, f"{pid}\n".encode())
    os.write(status, str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
    os._exit(0)


def become(order, out, err):
    """Take on what a process is born with."""
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = order["argv"]
    for stream, fd in ((1, out), (2, err)):
        os.dup2(fd, stream)
        os.close(fd)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as own_line:
        given, pipes = wait_for_order(own_line)
    become(given, *pipes)
    exec(COMMAND)
