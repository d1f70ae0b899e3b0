"""People who were active once, and are not any more."""

from hogsend import days, define_bucket

went_dormant = define_bucket(
    id="went-dormant",
    name="Went dormant",
    description="Has been active, but not in the last 7 days.",
    criteria=lambda b: b.all(
        b.event("app.active").exists(),
        b.event("app.active").within(days(7)).not_exists(),
    ),
)
