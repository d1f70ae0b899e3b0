"""The first days after a signup."""

from hogsend import JourneyContext, User, days, define_journey, send_email

from my_app.constants import FEATURE_USED, SIGNED_UP


@define_journey(
    id="welcome",
    name="Welcome",
    description="A mail at once, and another one to those who have tried nothing after 3 days.",
    trigger=SIGNED_UP,
    entry_limit="once",
)
async def welcome(user: User, ctx: JourneyContext) -> None:
    """Greet, wait for the first use, and help if there is none."""
    await send_email(template="welcome")
    tried = await ctx.wait_for_event(FEATURE_USED, timeout=days(3))
    if tried.timed_out:
        await send_email(template="getting-started")
