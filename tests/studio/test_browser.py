"""The main ways through Studio, in a real Chromium, wide and narrow; and no serious fault."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import expect as expecting
from playwright.sync_api import sync_playwright
from tests.databases import in_database
from tests.studio.browser import KEY, PATIENCE_MS, Server, Visit, ledger_down
from tests.studio.chromium import CHROMIUM, OPTIONS

from hogsend.journeys import executor
from hogsend.ops.keys import Scope, create_key, revoke_key

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    "/",
    "/buckets",
    "/buckets?q=nothing-like-it",
    "/buckets/buyers",
    "/buckets/buyers?status=left&period=hour&points=24",
    "/buckets/went-quiet",
    "/buckets/no-such-bucket",
    "/people",
    "/people/user-01",
    "/why?user=user-01&bucket=buyers",
    "/journeys",
    "/journeys/win-back",
    "/events",
    "/mail",
    "/jobs",
    "/audit",
)
"""Every page of Studio, also where there is nothing to show."""

SIZES = {"wide": (1280, 860), "narrow": (390, 844)}

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium here: apt-get install chromium"
)


@pytest.fixture(scope="module")
def studio(server, clones):
    """A server with some people in it, for all tests here."""
    name = clones.take()
    with Server(in_database(server, name)) as running:
        with calling(running) as http:
            send(http, *({"name": "buy", "userId": f"user-{n:02}"} for n in range(60)))
            send(http, *({"name": "buy", "userId": f"user-{n:02}"} for n in range(55)))
            http.put("/v1/contacts", json={"userId": "ada", "email": "ada@example.com"})
            send(http, {"name": "paid", "userId": "ada"})
        yield running
    clones.give_back(name)


@pytest.fixture(scope="module")
def chromium():
    """One browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def visit(studio, chromium, request):
    """A visitor who is not signed in; nothing may go wrong on their way."""
    size, scheme = getattr(request, "param", ("wide", "light"))
    x, y = SIZES[size]
    context = chromium.new_context(
        viewport={"width": x, "height": y},
        color_scheme=scheme,
        locale="en-GB",
        timezone_id="Asia/Tokyo",
    )
    made = Visit(context.new_page(), studio.url)
    yield made
    context.close()
    assert made.faults == []


def calling(studio, key=KEY):
    return httpx2.Client(base_url=studio.url, headers={"Authorization": f"Bearer {key}"})


def send(http, *events):
    answer = http.post("/v1/events/batch", json={"events": list(events)})
    assert answer.json()["rejected"] == 0, answer.text


def expect(locator):
    expecting.set_options(timeout=PATIENCE_MS)
    return expecting(locator)


@pytest.mark.parametrize("visit", [("wide", "light"), ("narrow", "dark")], indirect=True)
def test_an_operator_finds_a_bucket_pauses_it_and_lets_it_go_on(studio, visit):
    """Sign in, search, read what will stop, pause; the API says so; resume."""
    page = visit.page
    visit.sign_in()
    if page.get_by_role("button", name="Menu").is_visible():
        page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Buckets", exact=True).click()
    expect(page.locator("table.buckets tbody tr")).to_have_count(3)
    page.get_by_label("Find a bucket").fill("buy")
    expect(page.locator("table.buckets tbody tr")).to_have_count(1)
    assert page.url.endswith("?q=buy")
    page.get_by_role("link", name="Buyers", exact=True).click()
    expect(page.get_by_role("heading", name="Buyers", exact=True)).to_be_visible()
    expect(page.locator(".chart canvas")).to_have_count(2)
    page.get_by_role("button", name="Pause").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nobody joins or leaves any more")
    expect(dialog).to_contain_text(re.compile(r"\d+ runs of 1 journey that it starts keep running"))
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Pause it").click(no_wait_after=True)
    expect(page.get_by_role("status").filter(has_text="is paused")).to_be_visible()
    expect(page.locator(".page-title .badge").first).to_have_text("paused")
    with calling(studio) as http:
        assert http.get("/v1/admin/buckets/buyers").json()["bucket"]["status"]["state"] == "paused"
        actions = http.get("/v1/admin/audit-logs").json()["auditLogs"]
    assert actions[0]["action"] == "bucket.disable"
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Resume it").click(no_wait_after=True)
    expect(page.get_by_role("status").filter(has_text="evaluated again")).to_be_visible()
    with calling(studio) as http:
        assert http.get("/v1/admin/buckets/buyers").json()["bucket"]["enabled"]


def test_what_happens_shows_by_itself(studio, visit):
    """An event comes in; the page of the bucket tells who joined, without a reload."""
    page = visit.page
    visit.sign_in()
    visit.go("/buckets/pro")
    expect(page.get_by_text("Nobody has moved yet")).to_be_visible()
    with calling(studio) as http:
        send(http, {"name": "x", "userId": "grace", "contactProperties": {"plan": "pro"}})
    expect(page.locator("#now .feed").get_by_role("link", name="grace")).to_be_visible()


def test_the_numbers_are_those_of_the_api(studio, visit):
    """Members on the page, in the list and in the API are the same; so are the rows."""
    page = visit.page
    visit.sign_in()
    with calling(studio) as http:
        counts = http.get("/v1/admin/buckets/buyers").json()["bucket"]["counts"]
        rows = http.get("/v1/admin/buckets/buyers/members?limit=25").json()["members"]
    visit.go("/buckets/buyers")
    expect(page.locator("#charts .figure")).to_have_text(f"{counts['active']}now")
    shown = page.locator("#members-list tbody tr td:first-child a").all_text_contents()
    assert shown == [row["userId"] for row in rows]
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#members-list .pager p")).to_have_text(re.compile("26.50 of 55"))
    expect(page.locator("#members-list tbody tr")).to_have_count(25)
    page.get_by_label("Find a person").fill("user-01")
    expect(page.locator("#members-list tbody tr")).to_have_count(1)
    visit.go("/buckets")
    cell = page.locator("table.buckets tr", has_text="Buyers").locator("[data-label=Members]")
    expect(cell).to_have_text(str(counts["active"]))


def test_an_operator_reads_why_a_person_is_in(studio, visit):
    """From a search to the reason, each condition, and when the clock moves them; as the API says."""
    page = visit.page
    visit.sign_in()
    visit.go("/people")
    page.get_by_label("Find a person").fill("user-07")
    expect(page.locator("#people tbody tr")).to_have_count(1)
    page.get_by_role("link", name="user-07").click()
    with calling(studio) as http:
        said = http.get("/v1/admin/buckets/buyers/explain?userId=user-07").json()
    place = page.locator(".places li").filter(has_text="Buyers")
    expect(place).to_contain_text("because " + said["reason"].split(";")[0])
    leaves = place.locator(".next time").first
    assert leaves.get_attribute("datetime") == said["next"][0]["at"]
    place.get_by_role("link", name="Every condition").click()
    expect(page.get_by_role("heading", name="user-07 and Buyers")).to_be_visible()
    expect(page.get_by_role("img", name="holds", exact=True)).to_have_count(1)
    assert page.locator(".leaf-line").all_text_contents() == [
        leaf["text"] for leaf in said["leaves"]
    ]


def test_a_failed_run_is_tried_again(studio, visit, monkeypatch):
    """The reason and the traceback are read, the dialog asked, and the run goes on to its end."""
    monkeypatch.setattr(executor, "BACKOFF", ())
    page = visit.page
    visit.sign_in()
    with ledger_down(), calling(studio) as http:
        send(http, {"name": "paid", "userId": "bea", "email": "bea@example.com"})
        visit.go("/journeys/receipt?q=bea")
        failed = page.locator("#runs-list").get_by_role("link", name="failed", exact=True)
        while not failed.count():
            page.reload()
    failed.click()
    expect(page.locator(".failure")).to_contain_text("the ledger does not answer")
    expect(page.locator(".failure pre")).to_contain_text("ask_for_number")
    assert faults_of(page, "run") == []
    page.get_by_role("button", name="Retry").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("what it did before is not done again")
    dialog.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("status")).to_contain_text("goes on where it failed")
    with calling(studio) as http:
        assert http.get("/v1/admin/audit-logs").json()["auditLogs"][0]["action"] == "journey.retry"
    visit.go("/people/bea")
    expect(page.locator("#timeline")).to_contain_text("Began Receipt")


def test_events_come_in_by_themselves(studio, visit):
    """The stream shows an event at once, and with a filter only those of its name."""
    page = visit.page
    visit.sign_in()
    visit.go("/events")
    with calling(studio) as http:
        send(http, {"name": "rang", "userId": "eve", "eventProperties": {"door": "back"}})
        row = page.locator("#events tbody tr").filter(has_text="rang")
        expect(row).to_contain_text('{"door":"back"}')
        page.get_by_label("Name of the event").fill("rang")
        expect(page.locator("#events tbody tr")).to_have_count(1)
        send(http, {"name": "knocked", "userId": "eve"}, {"name": "rang", "userId": "eve"})
        expect(page.locator("#events tbody tr")).to_have_count(2)
        expect(page.locator("#events .pager")).to_contain_text("of 2")


def test_a_mail_is_seen_and_loads_nothing(studio, visit):
    """It is rendered in its frame; the picture of another site is not asked for."""
    visit.expected.add("spy.png")
    blocked = []
    visit.page.on("requestfailed", lambda request: blocked.append((request.url, request.failure)))
    visit.sign_in()
    visit.go("/people/ada")
    visit.page.get_by_role("link", name="Your receipt").click()
    frame = visit.page.frame_locator("iframe.letter")
    expect(frame.get_by_text("Thank you.")).to_be_visible()
    expect(frame.locator("img")).to_have_attribute("src", "https://example.com/spy.png")
    assert ("https://example.com/spy.png", "csp") in blocked
    visit.faults.remove("foreign: https://example.com/spy.png")  # seen, and not sent
    assert faults_of(visit.page, "mail") == []


def test_times_are_the_viewers_and_the_title_is_utc(visit):
    """In Tokyo it is nine hours later than the title says."""
    visit.sign_in()
    visit.go("/buckets/buyers")
    time = visit.page.locator("#members-list time[data-time=at]").first
    hour, title = time.text_content(), time.get_attribute("title")
    assert title.endswith(" UTC")
    shown, utc = (int(re.search(r"(\d\d):\d\d", text)[1]) for text in (hour, title))
    assert shown == (utc + 9) % 24


def test_a_wrong_key_is_told_so_and_typed_again(visit):
    """The form stays, with the reason."""
    visit.expected.add(401)
    visit.sign_in("hog_wrong")
    expect(visit.page.get_by_role("alert")).to_contain_text("unknown, expired or revoked")
    visit.page.get_by_label("API key").fill(KEY)
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("heading", name="Overview")).to_be_visible()


def test_a_session_that_ended_leads_to_the_door_by_itself(studio, visit):
    """The key is revoked elsewhere: the live page goes to the form, which says why."""
    visit.expected.add(401)
    pool, now = studio.client.engine.pool, studio.client.clock.now()
    made = studio.run(
        create_key(pool, name="x", scope=Scope.READ, expires_at=None, actor="test", now=now)
    )
    visit.sign_in(made.key)
    visit.go("/buckets/buyers")
    assert visit.page.get_by_role("button", name="Pause").is_disabled()
    studio.run(revoke_key(pool, made.api_key.id, actor="test", now=now))
    visit.page.wait_for_url("**/studio/sign-in?ended=1")
    expect(visit.page.get_by_text("Your session has ended")).to_be_visible()


def test_the_theme_is_kept(visit):
    """Chosen once, the next page comes in it from the server."""
    visit.sign_in()
    visit.go("/")
    toggle = visit.page.locator("[data-theme-toggle]")
    toggle.click()
    toggle.click()
    visit.go("/buckets")
    assert visit.page.locator("html").get_attribute("data-theme") == "dark"


@pytest.mark.parametrize(
    "visit",
    [("wide", "light"), ("narrow", "dark")],
    indirect=True,
    ids="-".join,
)
def test_everybody_can_use_every_page(visit):
    """No page has a fault that axe calls serious; nothing is wider than the screen; no script fails."""
    visit.expected.add(404)
    found = []
    visit.go("/sign-in")
    found += faults_of(visit.page, "sign-in")
    visit.sign_in()
    for path in PAGES:
        visit.go(path)
        found += faults_of(visit.page, path)
    assert found == []


def faults_of(page, path):
    """What axe calls serious or worse on a page, and what sticks out of it."""
    page.evaluate(AXE.read_text())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    bad = [
        f"{path}: {fault['id']}: {fault['nodes'][0]['html'][:120]}"
        for fault in result["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        bad.append(f"{path}: wider than the screen")
    return bad
