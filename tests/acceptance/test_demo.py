"""The demo: real purchases through the real engine, against a check that only counts."""

from __future__ import annotations

import csv
import re
import runpy
from collections import Counter
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from pydantic import SecretStr
from tests.acceptance.conftest import EXAMPLE

from hogsend.clock import VirtualClock
from hogsend.email.providers.console import Console
from hogsend.events.importing.columns import ColumnOptions
from hogsend.events.importing.files import open_event_file
from hogsend.ops.replay import read_script, replay
from hogsend.ops.stays import count_stays
from hogsend.settings import Settings

PICTURE = EXAMPLE.parents[1] / "docs" / "images" / "demo.svg"
UNTIL = datetime(1998, 7, 30, tzinfo=UTC)


def recent(purchases, now, days):
    return [amount for at, amount in purchases if at <= now < at + timedelta(days)]


RULES = {
    "repeat-buyers": lambda bought, now: len(recent(bought, now, 90)) >= 3,
    "lapsed": lambda bought, now: bool(bought) and not recent(bought, now, 60),
    "big-spenders": lambda bought, now: sum(x >= 50 for x in recent(bought, now, 180)) >= 2,
}


def count_transitions(path, until):
    """Every (user, bucket, kind, instant), found by asking again whenever anything can change."""
    history = {}
    for row in csv.DictReader(path.read_text().splitlines()):
        purchase = (datetime.fromisoformat(row["timestamp"]), float(row["amount"]))
        history.setdefault(row["user_id"], []).append(purchase)
    found = Counter()
    for user, purchases in history.items():
        members, bought = set(), []
        days = (timedelta(d) for d in (0, 60, 90, 180))
        for now in sorted({at + later for later in days for at, _ in purchases}):
            if now > until:
                break
            # The clock comes first, then the purchases of this instant, one by one.
            for purchase in [None, *(p for p in purchases if p[0] == now)]:
                bought += [purchase] if purchase else []
                for bucket, holds in RULES.items():
                    if holds(bought, now) != (bucket in members):
                        kind = "left" if bucket in members else "entered"
                        members ^= {bucket}
                        found[user, bucket, kind, now] += 1
    return found


@pytest.fixture
async def replayed(database):
    """A client on the database that the example was replayed into."""
    script = read_script(
        open_event_file(EXAMPLE / "cdnow_sample.csv", ColumnOptions(rest_as_properties=True)),
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert (script.size, script.refused) == (6919, [])
    clock = VirtualClock(script.starts_at)
    app = runpy.run_path(str(EXAMPLE / "app.py"))["client"]
    settings = Settings(database_url=SecretStr(database))
    client = app.elsewhere(settings=settings, clock=clock, mail_provider=Console(quiet=True))

    async def ignore(_):
        pass

    async with client:
        await replay(script, engine=client.engine, clock=clock, until=UNTIL, on_progress=ignore)
        yield client


@pytest.mark.timeout(300)
async def test_transitions_equal_a_brute_force_count(replayed, connection):
    """For 2,357 customers every join and leave, to the instant, under both event names.

    The members at the end are those who joined and have not left.
    """
    expected = count_transitions(EXAMPLE / "cdnow_sample.csv", UNTIL)
    rows = await connection.fetch(
        "SELECT user_id, event, occurred_at, properties FROM user_events "
        "WHERE event LIKE 'bucket:%'"
    )
    specific, general = Counter(), Counter()
    for row in rows:
        _, kind, *bucket = row["event"].split(":")
        if bucket:
            specific[row["user_id"], bucket[0], kind, row["occurred_at"]] += 1
        else:
            general[row["user_id"], row["properties"]["bucketId"], kind, row["occurred_at"]] += 1
    assert expected.total() == 7155  # what the readme says
    assert specific == expected
    assert general == expected
    joined, left = Counter(), Counter()
    for (user, bucket, kind, _), times in expected.items():
        (joined if kind == "entered" else left)[bucket, user] += times
    members = {
        (bucket.id, member.user_id)
        for bucket in replayed.registry.definitions
        async for member in bucket.members_iterator()
    }
    assert members == set(joined - left)
    stays = await count_stays(replayed.engine.pool, replayed.registry.buckets)
    for bucket in replayed.registry.definitions:
        count = stays[bucket.id]
        row = rf"{bucket.meta.name} +{count.active:,} +{count.entered:,} +{count.left:,} "
        assert re.search(row, picture_text()), f"The picture of the demo is not right: {row}"
    await check_mails(expected, connection)


def count_mails(expected, path, until):
    """How many runs and mails follow from who lapsed when."""
    best = {}
    for row in csv.DictReader(path.read_text().splitlines()):
        if float(row["amount"]) >= 100:
            at = datetime.fromisoformat(row["timestamp"])
            best[row["user_id"]] = min(at, best.get(row["user_id"], at))
    left = {}
    for user, bucket, kind, at in expected:
        if (bucket, kind) == ("lapsed", "left"):
            left.setdefault(user, []).append(at)
    runs = [(u, at) for u, bucket, kind, at in expected if (bucket, kind) == ("lapsed", "entered")]
    mails = 0
    for user, at in runs:
        if user in best and best[user] <= at:
            second = at + timedelta(days=3)
            returned = any(at <= end < second for end in left.get(user, ()))
            mails += 1 if returned or second > until else 2
    return len(runs), mails


async def check_mails(expected, connection):
    """One run for each who lapses; the second mail three days later, unless they bought before."""
    runs, mails = count_mails(expected, EXAMPLE / "cdnow_sample.csv", UNTIL)
    assert await connection.fetchval("SELECT count(*) FROM journey_states") == runs
    sent = await connection.fetch("SELECT status, count(*) FROM email_sends GROUP BY 1")
    assert [tuple(row) for row in sent] == [("sent", mails)]
    assert mails > 500
    assert re.search(rf"Win back +{runs:,} .* {mails:,} ", picture_text())


def picture_text() -> str:
    """What one reads on the readme's picture; `hogsend demo --exit --picture FILE` draws it."""
    return unescape(re.sub(r"<[^>]*>", " ", PICTURE.read_text())).replace("\N{NO-BREAK SPACE}", " ")
