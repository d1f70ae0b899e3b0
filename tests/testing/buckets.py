"""The buckets that the tests of the harness simulate."""

from __future__ import annotations

from hogsend import days, define_bucket


def went_dormant():
    return define_bucket(
        id="went-dormant",
        name="Went dormant",
        criteria=lambda b: b.all(
            b.event("app.active").exists(),
            b.event("app.active").within(days(7)).not_exists(),
        ),
    )


def on_trial():
    return define_bucket(
        id="on-trial", name="On trial", criteria=lambda b: b.prop("plan").eq("trial")
    )


def big_spender():
    return define_bucket(
        id="big-spender",
        name="Big spender",
        criteria=lambda b: (
            b.event("order.placed").where(b.prop("total").gte(50)).within(days(30)).at_least(2)
        ),
    )
