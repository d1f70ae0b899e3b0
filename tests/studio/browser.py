"""Studio as a person sees it: a server of its own, and a Chromium that records what goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from pydantic import SecretStr
from tests.integration.api.conftest import make_settings

from hogsend import days, define_bucket, define_journey, hours, send_email
from hogsend.app.client import create_client
from hogsend.app.worker import create_worker
from hogsend.asgi import create_app

KEY = "a-key-that-opens-everything"
TEMPLATES = Path(__file__).with_name("templates")
PATIENCE_MS = 15_000


def make_app():
    """Buckets of each kind, and journeys that they start."""
    buyers = define_bucket(
        id="buyers",
        name="Buyers",
        description="Who bought twice in a month.",
        criteria=lambda b: b.event("buy").within(days(30)).at_least(2),
    )
    quiet = define_bucket(
        id="went-quiet",
        name="Went quiet",
        criteria=lambda b: b.all(
            b.event("buy").exists(),
            b.not_(b.prop("plan").eq("staff")),
            b.any(b.event("buy").within(days(7)).not_exists(), b.prop("muted").exists()),
        ),
        max_dwell=days(14),
    )
    pro = define_bucket(id="pro", name="Pro", criteria=lambda b: b.prop("plan").eq("pro"))

    @buyers.on("enter")
    async def thank(user, ctx):
        await ctx.sleep(hours(5))

    @define_journey(id="win-back", name="Win back", trigger=quiet.entered)
    async def win_back(user, ctx):
        await ctx.sleep(days(3))

    @define_journey(id="receipt", name="Receipt", trigger="paid")
    async def receipt(user, ctx):
        await ctx.step("number", ask_for_number)
        await send_email(template="receipt")

    return {
        "buckets": [buyers, quiet, pro],
        "journeys": [win_back, receipt],
        "templates": TEMPLATES,
    }


class _Numbers:
    """What gives a receipt its number: another system, which may be down."""

    down = False


def ask_for_number():
    """A step of a journey."""
    if _Numbers.down:
        raise OSError("the ledger does not answer")
    return 4711


@contextlib.contextmanager
def ledger_down():
    """Meanwhile, receipts fail."""
    _Numbers.down = True
    yield
    _Numbers.down = False


class Server:
    """The app of ``make_app`` on a port, with a worker, in a thread of its own."""

    def __init__(self, database):
        settings = make_settings(database, admin_api_key=SecretStr(KEY))
        self.client = create_client(settings=settings, **make_app())
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)

    def run(self, work):
        """Await something in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _serve(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        config = uvicorn.Config(create_app(self.client), lifespan="off", log_config=None, ws="none")
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext
        async with self.client:
            worker = create_worker(self.client)
            await worker.start()
            serving = asyncio.create_task(server.serve(sockets=[self._listener]))
            self._loop.call_soon(self._ready.set)
            await self._stop.wait()
            server.should_exit = server.force_exit = True
            await serving
            await worker.stop()


@dataclass
class Visit:
    """A page of a browser, and what went wrong on it."""

    page: object
    url: str
    faults: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def __post_init__(self):
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("console", self._listen)
        self.page.on("request", self._watch)

    def _listen(self, message):
        said = message.text
        if message.type in {"error", "warning"} and not any(f"{s}" in said for s in self.expected):
            self.faults.append(f"console: {said}")

    def _watch(self, request):
        if urlsplit(request.url).scheme != "data" and not request.url.startswith(f"{self.url}/"):
            self.faults.append(f"foreign: {request.url}")

    def go(self, path):
        """A page of Studio, by its path below it."""
        self.page.goto(f"{self.url}/studio{path}")

    def sign_in(self, key=KEY):
        """Through the form."""
        self.go("/sign-in")
        self.page.get_by_label("API key").fill(key)
        self.page.get_by_role("button", name="Sign in").click()
