"""People who use the product a lot, now."""

from hogsend import days, define_bucket

from my_app.constants import FEATURE_USED

power_users = define_bucket(
    id="power-users",
    name="Power users",
    description="Used features at least 10 times in 30 days.",
    criteria=lambda b: b.event(FEATURE_USED).within(days(30)).at_least(10),
)
