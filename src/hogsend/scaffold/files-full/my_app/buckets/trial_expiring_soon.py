"""People whose trial is about to end."""

from hogsend import days, define_bucket

from my_app.constants import PLAN, TRIAL_ENDS_AT

trial_expiring_soon = define_bucket(
    id="trial-expiring-soon",
    name="Trial expiring soon",
    description="On a trial that ends within 3 days.",
    criteria=lambda b: b.all(
        b.prop(PLAN).eq("trial"),
        b.prop(TRIAL_ENDS_AT).within_next(days(3)),
    ),
)
