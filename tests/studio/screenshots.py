"""The pictures of Studio in the documentation: ``make screenshots``.

The demo's customers, moved so that their last purchases are just now, on a database of their own.
Each page, light and dark, wide and narrow.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from tests.studio.chromium import CHROMIUM, OPTIONS

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "cdnow"
IMAGES = ROOT / "docs" / "images" / "studio"
KEY = "screenshots-of-studio-0123456789abcdef"
SIZES = {"wide": (1280, 860, 1400), "narrow": (390, 844, 844)}
"""Width and height of the window, and how high a picture gets, at most."""

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
    rows += latest_purchases([row["user_id"] for row in rows], ends_at - shift)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["user_id", "event", "timestamp", "quantity", "amount"])
        writer.writeheader()
        for row in rows:
            row["timestamp"] = (row.pop("at") + shift).isoformat()
            writer.writerow(row)


def latest_purchases(customers: list[str], ends_at: datetime) -> list[dict[str, object]]:
    """Some of them buy again within the last half hour, more and more often."""
    return [
        {
            "user_id": customers[number * 371 % len(customers)],
            "event": "purchase",
            "at": ends_at - timedelta(minutes=29.5 * (1 - (number / 110) ** 0.7)),
            "quantity": 1,
            "amount": 12.5 + number % 9 * 14,
        }
        for number in range(110)
    ]


@contextmanager
def demo_of_today(folder: Path) -> Iterator[str]:
    """The address of a demo that has just gone on as a server."""
    sample = folder / "purchases.csv"
    moved_sample(sample, datetime.now(UTC) - timedelta(seconds=5))
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


def take(address: str, images: Path) -> None:
    """All pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        for scheme in ("light", "dark"):
            for size, (x, y, most) in SIZES.items():
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
                    high = page.evaluate("document.documentElement.scrollHeight")
                    clip = {"x": 0, "y": 0, "width": x, "height": min(high, most)}
                    taken = page.screenshot(full_page=True, clip=clip)
                    small = webp(browser, taken)
                    (images / f"{name}-{size}-{scheme}.webp").write_bytes(small)
                context.close()
        browser.close()


def webp(browser: Browser, png: bytes) -> bytes:
    """The picture in a third of the space; the browser knows how."""
    page = browser.new_page()
    encoded = page.evaluate(
        """async (png) => {
            const image = await createImageBitmap(await (await fetch(png)).blob());
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.width, image.height];
            canvas.getContext("2d").drawImage(image, 0, 0);
            return canvas.toDataURL("image/webp", 0.82);
        }""",
        f"data:image/png;base64,{base64.b64encode(png).decode()}",
    )
    page.close()
    return base64.b64decode(encoded.partition(",")[2])


def _sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/studio/sign-in")
    if page.locator("#key").count():
        page.fill("#key", KEY)
        page.click("text=Sign in >> nth=-1")


def main() -> None:
    """Take them, or (with ``serve``) leave the server to be looked at until Enter."""
    folder = tempfile.TemporaryDirectory(prefix="hogsend-shots-")
    with folder as home, demo_of_today(Path(home)) as address:
        if sys.argv[1:] == ["serve"]:
            print(f"{address}/studio  key: {KEY}", flush=True)
            sys.stdin.read()
            return
        IMAGES.mkdir(parents=True, exist_ok=True)
        take(address, IMAGES)


if __name__ == "__main__":
    main()
