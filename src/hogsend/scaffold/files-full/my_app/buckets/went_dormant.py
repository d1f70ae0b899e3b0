"""People who were active once, and are not any more."""

from hogsend import DwellContext, User, days, define_bucket, send_email

from my_app.constants import ACTIVE

went_dormant = define_bucket(
    id="went-dormant",
    name="Went dormant",
    description="Has been active, but not in the last 7 days.",
    criteria=lambda b: b.all(
        b.event(ACTIVE).exists(),
        b.event(ACTIVE).within(days(7)).not_exists(),
    ),
)


@went_dormant.on("dwell", after=days(30))
async def final_nudge(user: User, ctx: DwellContext) -> None:
    """One last mail to those who have been dormant for 30 days."""
    await send_email(template="final-nudge")
