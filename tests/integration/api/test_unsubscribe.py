"""Unsubscribing from a mail: by hand or by the mail program's button, with nothing but the link."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.databases import in_database
from tests.integration.api.conftest import calling, make_settings
from tests.world import START

from hogsend.app.client import create_client
from hogsend.asgi import create_app
from hogsend.clock import VirtualClock
from hogsend.email.links import Subscription
from hogsend.email.model import Mail
from hogsend.email.preferences import is_subscribed


@pytest.fixture(scope="module")
def made(server, place, tmp_path_factory):
    """With a template, and no key."""
    templates = tmp_path_factory.mktemp("templates")
    (templates / "hello.html").write_text("<a href='{{ unsubscribe_url }}'>Stop</a>")
    client = create_client(
        templates=templates,
        settings=make_settings(in_database(server, place), public_url="https://example.com/hog"),
        clock=VirtualClock(START),
    )
    return client, create_app(client)


@pytest.fixture
async def http(app, client):
    async with calling(app, key=None) as opened:
        opened.client = client
        yield opened


async def link_of(http, category=None):
    """Where a mail that was sent leads to, as its header says."""
    mail = Mail(
        template="hello", user_id="ann", to="ann@example.com", subject="Hi", category=category
    )
    sent = await http.client.mailer.send(mail, key=str(category), now=START)
    headers = await http.client.engine.pool.fetchval(
        "SELECT headers FROM email_sends WHERE id = $1", sent.id
    )
    url = headers["List-Unsubscribe"].strip("<>")
    assert url.startswith("https://example.com/hog/v1/email/unsubscribe?token=")
    return url.removeprefix("https://example.com/hog")


async def subscribed(http, category=None):
    return await is_subscribed(http.client.engine.pool, "ann", category)


def forms_of(page):
    """The labels of the page's buttons, and where they lead."""
    found = re.findall(r'<form method="post" action="([^"]*)"><button>([^<]*)', page.text)
    return {label: "/v1/email/unsubscribe" + unescape(action) for action, label in found}


async def test_looking_changes_nothing(http):
    """Mail scanners open every link; only the button counts. The page loads nothing."""
    link = await link_of(http)
    page = await http.get(link)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert list(forms_of(page)) == ["Unsubscribe"]
    assert await subscribed(http)
    assert (await http.post(forms_of(page)["Unsubscribe"])).status_code == 200
    assert not await subscribed(http)


async def test_one_click_of_the_mail_program(http):
    """RFC 8058: a POST to the header's address, without a page, a cookie or a key; also twice."""
    link = await link_of(http)
    for _ in range(2):
        answer = await http.post(link, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    assert not await subscribed(http)


async def test_a_category_can_be_left_alone_or_with_everything(http):
    """One click leaves the category; the page offers both, and the way back."""
    link = await link_of(http, "news")
    await http.post(link, data={"List-Unsubscribe": "One-Click"})
    assert (await subscribed(http), await subscribed(http, "news")) == (True, False)

    forms = forms_of(await http.get(link))
    assert list(forms) == ["Unsubscribe from news", "Unsubscribe from everything"]
    done = await http.post(forms["Unsubscribe from everything"])
    assert not await subscribed(http)

    await http.post(forms_of(done)["Subscribe again"])
    assert await subscribed(http, "news")


async def test_resubscribing_to_a_category_leaves_the_rest_as_it_is(http):
    """Who left everything comes back by the link that says everything."""
    news, everything = await link_of(http, "news"), await link_of(http)
    await http.post(everything)
    done = await http.post(news)
    await http.post(forms_of(done)["Subscribe again"])
    assert not await subscribed(http, "news")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: "A" + t[1:], lambda _: "", str.upper]
)
async def test_a_changed_link_does_nothing(http, method, change):
    """422 in the one shape of errors, whichever letter it is."""
    path, _, token = (await link_of(http)).partition("token=")
    answer = await http.request(method, f"{path}token={change(token)}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "invalid_value")
    assert "Open it from the mail once more" in error["message"]
    assert await subscribed(http)


async def test_nothing_of_a_link_becomes_markup(http):
    """Also where somebody's id or category is odd."""
    links = await http.client.mailer.links(START)
    url = links.url(Subscription(user_id="<b>", category="<script>alert(1)</script>"))
    page = await http.get(url.removeprefix("https://example.com/hog"))
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
