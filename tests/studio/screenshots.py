"""The pictures of Studio in the documentation: ``make screenshots``.

The demo's customers, moved so that their last purchases were today, on a database of their own;
then some of them buy while the pictures are taken. Each page, light and dark, wide and narrow.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from tests.studio.chromium import CHROMIUM, OPTIONS

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "cdnow"
IMAGES = ROOT / "docs" / "images" / "studio"
KEY = "screenshots-of-studio-0123456789abcdef"
WIDTHS = {"wide": (1280, 860), "narrow": (390, 844)}
SHOTS = {
    "sign-in": None,
    "overview": "/",
    "buckets": "/buckets",
    "bucket": "/buckets/repeat-buyers?period=week&points=52",
    "people": "/people",
    "person": "/people/customer_00004",
    "why": "/why?user=customer_00004&bucket=lapsed",
    "journeys": "/journeys",
    "journey": "/journeys/win-back",
    "events": "/events",
    "mail": "/mail",
    "jobs": "/jobs",
    "audit": "/audit",
}
"""Name of the picture, and the page; None is before signing in."""


def moved_sample(path: Path, ends_at: datetime) -> None:
    """The example's purchases at the same distances, the last ones at ``ends_at``.

    The data tell the day alone; the time of day is made from the customer.
    """
    with (EXAMPLE / "cdnow_sample.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        hours = int(hashlib.md5(row["user_id"].encode()).hexdigest(), 16) % 4 * 6
        row["at"] = datetime.fromisoformat(row["timestamp"]) + timedelta(hours=hours)
    shift = ends_at - max(row["at"] for row in rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["user_id", "event", "timestamp", "quantity", "amount"])
        writer.writeheader()
        for row in rows:
            row["timestamp"] = (row.pop("at") + shift).isoformat()
            writer.writerow(row)


@contextmanager
def demo_of_today(folder: Path) -> Iterator[str]:
    """The address of a demo that has just gone on as a server."""
    sample = folder / "purchases.csv"
    moved_sample(sample, datetime.now(UTC) - timedelta(minutes=3))
    environment = os.environ | {"HOGSEND_HOME": str(folder / "home"), "ADMIN_API_KEY": KEY}
    environment["PYTHONUNBUFFERED"] = "1"
    app = str(EXAMPLE / "app.py")
    command = ["hogsend", "demo", str(sample), "--app", app, "--tail", "0", "--port", "18777"]
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name(command[0])), *command[1:]],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stdout:
            if found := re.search(r"http://[\d.:]+", line):
                yield found[0]
                return
        raise RuntimeError("the demo ended before it served")
    finally:
        process.terminate()
        process.communicate()


def shop(address: str) -> None:
    """Some customers buy again, over the last half hour."""
    with (EXAMPLE / "cdnow_sample.csv").open(newline="") as file:
        customers = sorted({row["user_id"] for row in csv.DictReader(file)})
    now = datetime.now(UTC)
    for number in range(120):
        minutes = 29 * (1 - (number / 120) ** 0.8)
        event = {
            "name": "purchase",
            "userId": customers[number * 37 % len(customers)],
            "eventProperties": {"amount": 12.5 + number % 9 * 14, "quantity": 1},
            "timestamp": (now - timedelta(minutes=minutes)).isoformat(),
        }
        request = urllib.request.Request(
            f"{address}/v1/events",
            data=json.dumps(event).encode(),
            headers={"Authorization": f"Bearer {KEY}"},
        )
        urllib.request.urlopen(request).close()


def take(address: str, images: Path) -> None:
    """All pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        for scheme in ("light", "dark"):
            for width, (x, y) in WIDTHS.items():
                context = browser.new_context(
                    viewport={"width": x, "height": y}, color_scheme=scheme, locale="en-GB"
                )
                page = context.new_page()
                for name, path in SHOTS.items():
                    if path is None:
                        page.goto(f"{address}/studio/sign-in")
                    else:
                        _sign_in(page, address)
                        page.goto(f"{address}/studio{path}")
                    page.wait_for_timeout(300)
                    page.screenshot(path=images / f"{name}-{width}-{scheme}.png", full_page=True)
                context.close()
        browser.close()


def _sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/studio/sign-in")
    if page.locator("#key").count():
        page.fill("#key", KEY)
        page.click("text=Sign in >> nth=-1")


def main() -> None:
    """Take them, or (with ``serve``) leave the server to be looked at until Enter."""
    folder = tempfile.TemporaryDirectory(prefix="hogsend-shots-")
    with folder as home, demo_of_today(Path(home)) as address:
        shop(address)
        if sys.argv[1:] == ["serve"]:
            print(f"{address}/studio  key: {KEY}", flush=True)
            sys.stdin.read()
            return
        IMAGES.mkdir(parents=True, exist_ok=True)
        take(address, IMAGES)


if __name__ == "__main__":
    main()
