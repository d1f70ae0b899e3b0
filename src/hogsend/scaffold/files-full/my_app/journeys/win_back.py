"""Mail to those who went dormant; coming back ends it."""

from hogsend import EnterContext, User, days, define_journey, send_email

from my_app.buckets.went_dormant import went_dormant


@define_journey(
    id="win-back",
    name="Win back",
    description="Two mails, 3 days apart. Whoever becomes active gets no more of them.",
    trigger=went_dormant.entered,
    exit_on=[went_dormant.left],
)
async def win_back(user: User, ctx: EnterContext) -> None:
    """Ask, wait, and ask once more."""
    await send_email(template="win-back", props={"reminder": False})
    await ctx.sleep(days(3))
    await send_email(template="win-back", props={"reminder": True})
