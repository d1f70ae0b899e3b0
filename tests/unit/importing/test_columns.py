"""Which column of a CSV file goes where, and which is refused."""

from __future__ import annotations

import pytest

from hogsend.errors import ConfigurationError
from hogsend.events.importing.columns import ColumnOptions, plan_columns


def targets(header, **options):
    columns = plan_columns(header, ColumnOptions(**options))
    return [(column.field, column.key) for column in columns]


@pytest.mark.parametrize("user", ["user_id", "userId", "User ID", "customer_id", "USERID"])
@pytest.mark.parametrize("event", ["event", "name", "eventName", "event_name"])
@pytest.mark.parametrize("time", ["timestamp", "time", "date", "occurred_at"])
def test_common_spellings_are_known(user, event, time):
    """Case, underscores, hyphens and blanks make no difference."""
    assert targets([user, event, time, "Idempotency-Key"]) == [
        ("userId", None),
        ("name", None),
        ("timestamp", None),
        ("idempotencyKey", None),
    ]


def test_prefixes_name_properties():
    """`properties.` is the event's, `contact.` the person's; the key keeps its spelling."""
    header = ["email", "event", "properties.Order_Total", "contact.plan", "eventProperties.a.b"]
    assert targets(header)[2:] == [
        ("eventProperties", "Order_Total"),
        ("contactProperties", "plan"),
        ("eventProperties", "a.b"),
    ]


def test_options_say_what_a_name_does_not():
    """An option wins over what the name would mean."""
    assert targets(
        ["user_id", "event", "name", "plan", "zip", "note"],
        contact=["name", "plan"],
        text=["zip"],
        ignored=["note"],
    )[2:] == [
        ("contactProperties", "name"),
        ("contactProperties", "plan"),
        ("eventProperties", "zip"),
        ("", None),
    ]


def test_the_rest_can_be_properties():
    """One option takes every unknown column."""
    assert targets(["user_id", "event", "a", "b"], rest_as_properties=True)[2:] == [
        ("eventProperties", "a"),
        ("eventProperties", "b"),
    ]


REFUSED = {
    "unknown": (["user_id", "event", "amount", "sku"], {}, "columns 'amount', 'sku'"),
    "how to keep it": (["user_id", "event", "amount"], {}, "--property amount"),
    "twice": (["user_id", "event", "event"], {}, "'event' twice"),
    "rivals": (["user_id", "event", "name"], {}, "'event' and 'name' are both name"),
    "same key": (
        ["user_id", "event", "amount", "properties.amount"],
        {"properties": ["amount"]},
        "are both amount",
    ),
    "no name": (["user_id", "event", ""], {}, "Column 3 of the header has no name"),
    "no person": (["event"], {}, "no column for the person: user_id or email"),
    "no event": (["user_id"], {}, "--event NAME"),
    "event given twice": (["user_id", "event"], {"event": "x"}, "--event is for files without"),
    "misspelt option": (
        ["user_id", "event", "amount"],
        {"properties": ["amuont"]},
        "no column 'amuont' (did you mean 'amount'?)",
    ),
}


@pytest.mark.parametrize(("header", "options", "message"), REFUSED.values(), ids=REFUSED)
def test_a_header_that_is_not_understood_is_refused(header, options, message):
    """The message names the column and what to do."""
    with pytest.raises(ConfigurationError) as refusal:
        plan_columns(header, ColumnOptions(**options))
    assert message in str(refusal.value)
