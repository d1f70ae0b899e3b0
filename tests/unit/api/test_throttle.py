"""Limits, step by step, on a clock of our own."""

from __future__ import annotations

from hogsend.api.throttle import RequestLimit
from hogsend.ops.bad_keys import BadKeys, network_of

GOOD, BAD = b"good", b"bad"


def test_bad_keys_are_forgotten_one_by_one():
    """Two at once, then one every ten seconds."""
    limit = BadKeys(allowed=2, forgotten_every=10)
    for _ in range(2):
        assert limit.wait_for("10.0.0.1", BAD, 0) == 0
        limit.note_bad("10.0.0.1", BAD, 0)
    assert limit.wait_for("10.0.0.1", BAD, 0) == 10
    assert limit.wait_for("10.0.0.1", BAD, 9) == 1
    assert limit.wait_for("10.0.0.1", BAD, 10) == 0
    limit.note_bad("10.0.0.1", BAD, 10)
    assert limit.wait_for("10.0.0.1", BAD, 10) == 10
    assert limit.wait_for("10.0.0.1", BAD, 100) == 0


def test_other_addresses_and_known_keys_go_on():
    """A key that was good here is no longer, once it was bad."""
    limit = BadKeys(allowed=1, forgotten_every=10)
    limit.note_good("10.0.0.1", GOOD)
    limit.note_bad("10.0.0.1", BAD, 0)
    assert limit.wait_for("10.0.0.1", GOOD, 0) == 0
    assert limit.wait_for("10.0.0.2", BAD, 0) == 0
    assert limit.wait_for("10.0.0.1", b"new", 0) > 0
    limit.note_bad("10.0.0.1", GOOD, 0)
    assert limit.wait_for("10.0.0.1", GOOD, 0) > 0


def test_an_ipv6_client_is_its_network():
    """Nobody gets a new allowance for each of the addresses that they own."""
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") == "2001:db8::/64"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert (network_of("10.0.0.1"), network_of("unix")) == ("10.0.0.1", "unix")


def test_addresses_are_forgotten_before_memory_is_full():
    """The oldest ones first."""
    limit = BadKeys(allowed=1, forgotten_every=1_000_000)
    for number in range(10_001):
        limit.note_bad(f"address {number}", BAD, 0)
    assert limit.wait_for("address 0", BAD, 0) == 0
    assert limit.wait_for("address 10000", BAD, 0) > 0


def test_requests_are_counted_in_windows():
    """By key; the headers say what is left, never less than nothing."""
    limit = RequestLimit(2, window=60)
    left = [limit.take("a", now).remaining for now in (0, 1, 2, 59, 60)]
    assert left == [1, 0, -1, -2, 1]
    assert limit.take("b", 60).remaining == 1
    refused = RequestLimit(1, window=60)
    refused.take("a", 0)
    assert refused.take("a", 0.5).headers == [
        (b"ratelimit-limit", b"1"),
        (b"ratelimit-remaining", b"0"),
        (b"ratelimit-reset", b"60"),
    ]
