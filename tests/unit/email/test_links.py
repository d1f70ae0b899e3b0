"""Unsubscribe links: whoever has the mail can use them, nobody can make or change one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hogsend.email.errors import LinkError
from hogsend.email.links import Links, Subscription

LINKS = Links(secret=b"s" * 32, public_url="https://example.com/")


@given(st.text(min_size=1), st.none() | st.text())
def test_a_link_says_what_it_was_made_for(user_id, category):
    """Whatever the user's id is."""
    about = Subscription(user_id=user_id, category=category)
    assert LINKS.read(LINKS.token(about)) == about
    url = LINKS.url(about)
    assert url.startswith("https://example.com/v1/email/unsubscribe?token=")
    assert url.isascii()
    assert " " not in url


TOKEN = LINKS.token(Subscription(user_id="ann", category=None))


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCxyz019-_."))
def test_no_letter_of_it_can_be_changed(place, letter):
    """Not even the spare bits of its last one."""
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    if changed != TOKEN:
        with pytest.raises(LinkError):
            LINKS.read(changed)


@pytest.mark.parametrize(
    "token", ["", ".", "a", "a.b", "ü.ü", TOKEN[:-2], TOKEN + "=", "." + TOKEN]
)
def test_what_is_no_link_is_refused(token):
    """With an error of ours, whatever it is."""
    with pytest.raises(LinkError):
        LINKS.read(token)


def test_another_secret_makes_other_links():
    """And a signature for another user is none."""
    with pytest.raises(LinkError):
        Links(secret=b"t" * 32, public_url="https://example.com").read(TOKEN)
    other = base64.urlsafe_b64encode(b'["bob",null]').rstrip(b"=").decode()
    with pytest.raises(LinkError):
        LINKS.read(f"{other}.{TOKEN.partition('.')[2]}")
