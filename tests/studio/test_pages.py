"""What the pages of Studio say, and to whom; each number is a count of rows."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.studio.conftest import browsing, make_key, sign_in
from tests.world import World

from hogsend import days, define_bucket, hours
from hogsend.ops.dwelling import read_dwelling
from hogsend.ops.impact import count_fed_runs
from hogsend.ops.keys import Scope
from hogsend.ops.member_search import find_members
from hogsend.ops.pulse import latest_moves, read_pulse
from hogsend.ops.record import Page
from hogsend.ops.standings import StandingSort, list_standings
from hogsend.ops.stays import StayStatus
from hogsend.ops.upcoming import read_upcoming
from hogsend.studio.tables import Table
from hogsend.studio.text import compact, duration


def make_world(pool, *more):
    fresh = define_bucket(
        id="fresh", name="Fresh", criteria=lambda b: b.event("seen").within(hours(2)).exists()
    )
    gone = define_bucket(
        id="gone",
        name="Gone <b>away</b>",
        criteria=lambda b: b.all(
            b.event("seen").exists(), b.event("seen").within(days(3)).not_exists()
        ),
    )
    return World(pool, [fresh, gone, *more])


async def test_the_pulse_counts_events_and_transitions_by_the_minute(pool):
    """By when they happened: the last bar is the minute until now."""
    world = make_world(pool)
    await world.deploy()
    for user in ("a", "b"):
        await world.event(user, "seen")
    await world.advance(timedelta(minutes=10))
    await world.event("c", "seen")
    pulse = await read_pulse(pool, world.now + timedelta(seconds=1))
    assert not pulse.capped
    assert [(minute.events, minute.transitions) for minute in pulse.minutes] == [
        *[(0, 0)] * 19,
        (2, 2),
        *[(0, 0)] * 9,
        (1, 1),
    ]
    assert [move.user_id for move in await latest_moves(pool, 1, "fresh")] == ["c"]
    assert await latest_moves(pool, 5, "gone") == []


async def test_upcoming_is_never_less_than_what_the_clock_moves(pool):
    """Within an hour, a day, a week: members who may leave, others who may join."""
    world = make_world(pool)
    await world.deploy()
    for number in range(4):
        await world.event(f"u{number}", "seen")
    seen = [(due.members, due.others) for due in await read_upcoming(pool, "fresh", world.now)]
    assert seen == [(0, 0), (4, 0), (4, 0)]
    seen = [(due.members, due.others) for due in await read_upcoming(pool, "gone", world.now)]
    assert seen == [(0, 0), (0, 0), (0, 4)]
    await world.advance(days(4))
    assert await world.members("gone") == {"u0", "u1", "u2", "u3"}


async def test_a_histogram_counts_each_stay_that_ended(pool):
    """Stays of two hours and of five; the present ones are not in it."""
    world = make_world(pool)
    await world.deploy()
    await world.event("short", "seen")
    await world.event("long", "seen")
    await world.advance(hours(1.5))
    await world.event("long", "seen")
    await world.advance(hours(1.5))
    await world.event("long", "seen")
    await world.advance(hours(12))
    await world.event("present", "seen")
    dwelling = await read_dwelling(pool, "fresh")
    assert [(bar.from_secs, bar.to_secs, bar.count) for bar in dwelling.bars] == [(3600, 21600, 2)]
    assert dwelling.median_secs == pytest.approx(3.5 * 3600)
    assert (await read_dwelling(pool, "gone")).bars == []


async def test_people_are_found_by_how_id_or_mail_begins(pool):
    """Members and those who left apart; nobody of another bucket."""
    world = make_world(pool)
    await world.deploy()
    await world.event("ada", "seen")
    await pool.execute("UPDATE contacts SET email = 'Countess@example.com' WHERE user_id = 'ada'")
    await world.event("adam", "seen")
    await world.advance(hours(3))
    await world.event("adam", "seen")
    await world.contact("adele")

    async def found(search, status):
        members = await find_members(pool, "fresh", search, 10, status=status)
        return [member.user_id for member in members]

    assert await found("ad", StayStatus.ACTIVE) == ["adam"]
    assert await found("ad", StayStatus.LEFT) == ["ada", "adam"]
    assert await found("Count", StayStatus.LEFT) == ["ada"]
    assert await found("%", StayStatus.ACTIVE) == []


async def test_the_list_sorts_by_what_it_shows(pool):
    """Size, moves of the last 24 hours, name; 14 days of sizes end with the present one."""
    world = make_world(pool)
    await world.deploy()
    for number in range(3):
        await world.event(f"u{number}", "seen")
    await world.advance(days(5))
    await world.event("u0", "seen")
    for sort, first in (("size", "gone"), ("entered", "fresh"), ("name", "gone")):
        listed = await list_standings(
            pool, world.registry, Page(), world.now, sort=StandingSort(sort), descending=True
        )
        assert listed.standings[0].id == first, sort
    fresh, gone = (await list_standings(pool, world.registry, Page(), world.now)).standings
    assert (fresh.size, fresh.entered_24h, fresh.left_24h) == (1, 1, 0)
    assert (gone.size, gone.entered_24h, gone.left_24h) == (2, 0, 1)
    assert gone.sizes == [0] * 11 + [3, 3, 2]
    assert len(fresh.sizes) == 14
    found = await list_standings(pool, world.registry, Page(), world.now, search="FRE")
    assert [standing.id for standing in found.standings] == ["fresh"]


async def test_two_thousand_buckets_and_a_large_one_are_read_in_indexes(pool):
    """No sequential scan of events, stays or timers, whatever the reads are of."""
    world = make_world(pool)
    await world.deploy()
    plans = []

    async with pool.acquire() as connection:
        await connection.execute("SET enable_seqscan = off")
        for module, name, arguments in _reads(world.now):
            statement = getattr(module.SQL, name)
            rows = await connection.fetch(f"EXPLAIN {statement}", *arguments)
            plan = "\n".join(row[0] for row in rows)
            plans.append((name, plan))
        await connection.execute("RESET enable_seqscan")
    for name, plan in plans:
        for table in ("user_events", "bucket_memberships", "bucket_timers", "contacts"):
            assert not re.search(rf"Seq Scan on {table}\b", plan), (name, plan)


def _reads(now):
    from hogsend.ops import dwelling, member_search, pulse, upcoming  # noqa: PLC0415

    names = ["bucket:entered:fresh", "bucket:left:fresh"]
    yield pulse, "pulse", (now - timedelta(minutes=30), now, names, 1000)
    yield pulse, "latest_announced", (names, 10)
    yield upcoming, "upcoming", ("fresh", [now], 10)
    yield dwelling, "dwelling", ("fresh", [60.0], 10)
    yield member_search, "find_members", ("fresh", "a", "active", 10, 10)


@pytest.mark.parametrize("what", ["pause", "resume"])
async def test_whoever_may_only_read_changes_nothing(client, app, what):
    """The button is off, and sending its form all the same is refused with a page."""
    key = await make_key(client, Scope.READ)
    async with browsing(app) as browser:
        await sign_in(browser, key.key)
        page = await browser.get("/studio/buckets/buyers")
        assert re.search(r'data-dialog="pause"[^>]*\sdisabled', page.text)
        assert "<dialog" not in page.text
        answer = await browser.post(f"/studio/buckets/buyers/{what}")
    assert answer.status_code == 403
    assert "journey-admin" in answer.text
    assert "buyers" in client.registry.live_ids


async def test_pausing_is_told_once_and_written_down(client, app):
    """The next page says so, the one after does not; the log has who."""
    key = await make_key(client, Scope.JOURNEY_ADMIN)
    async with browsing(app) as browser:
        await sign_in(browser, key.key)
        answer = await browser.post("/studio/buckets/buyers/pause")
        assert answer.headers["location"] == "/studio/buckets/buyers"
        assert "Buyers is paused" in (await browser.get("/studio/buckets/buyers")).text
        assert "Buyers is paused" not in (await browser.get("/studio/buckets/buyers")).text
        assert (await browser.post("/studio/buckets/nobody/pause")).status_code == 404
    assert "buyers" not in client.registry.live_ids
    actor = await client.engine.pool.fetchval(
        "SELECT actor FROM audit_logs WHERE action = 'bucket.disable' AND target = 'buyers'"
    )
    assert actor.startswith("key:")


async def test_what_people_are_called_is_text(client, app):
    """Ids and mail addresses come from outside; none of it is markup."""
    evil = '<img src=x onerror="alert(1)">'
    event = {"name": "buy", "userId": evil}
    async with browsing(app) as browser:
        await sign_in(browser)
        for _ in range(2):
            key = {"Authorization": "Bearer the-admin-key"}
            await browser.post("/v1/events", json=event, headers=key)
        for path in ("/studio/", "/studio/buckets/buyers", f"/studio/buckets?q={evil}"):
            page = await browser.get(path)
            assert "<img" not in page.text, path
            assert "&lt;img" in page.text, path


@pytest.mark.parametrize(
    "path",
    ["/buckets?sort=nothing", "/buckets/buyers?points=0", "/buckets?offset=-1", "/buckets?q=%00"],
)
async def test_what_cannot_be_read_is_refused_with_a_page(app, path):
    """It says which parameter."""
    async with browsing(app) as browser:
        await sign_in(browser)
        answer = await browser.get(f"/studio{path}")
    assert answer.status_code == 422
    assert path.split("?")[1].split("=")[0] in answer.text


async def test_a_bucket_that_starts_nothing_is_told_so(client):
    """No journey, no runs; nothing fails on it."""
    assert await count_fed_runs(client.engine.pool, client.journeys, "buyers") == []


def test_a_table_keeps_what_it_is_asked_when_it_turns_the_page():
    """Search, order and the page's own parameters; no page before the first or far behind."""
    table = Table(id="t", path="/x", sort="size", descending=True, search="a b", others={"s": "1"})
    table.holds(total=120, shown=50)
    assert table.previous is None
    assert table.next == "/x?s=1&sort=size&order=desc&q=a+b&offset=50"
    assert table.sorted_by("size").endswith("sort=size&order=asc&q=a+b")
    table.offset = 10_000
    table.holds(total=20_000, shown=50)
    assert table.next is None


def test_numbers_and_durations_are_short():
    """Three digits say enough; the title has all of them."""
    assert [compact(n) for n in (0, 9_999, 12_345, 1_234_567)] == ["0", "9,999", "12.3k", "1.23M"]
    spans = (None, 0, 0.25, 3.04, 42, 90, 3_600, 90_000, 5_184_000)
    assert [duration(span) for span in spans] == [
        "\u2013",
        "0 s",
        "250 ms",
        "3.0 s",
        "42 s",
        "1 min 30 s",
        "1 h",
        "1 d 1 h",
        "60 d",
    ]
