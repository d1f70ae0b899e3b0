"""Three groups of CDNOW's customers, and mail for those who lapsed; `make demo` replays it all."""

from pathlib import Path

from hogsend import create_client, days, define_bucket, define_journey, send_email

repeat_buyers = define_bucket(
    id="repeat-buyers",
    name="Repeat buyers",
    description="At least 3 purchases in 90 days.",
    criteria=lambda b: b.event("purchase").within(days(90)).at_least(3),
)

lapsed = define_bucket(
    id="lapsed",
    name="Lapsed",
    description="Has bought, but nothing for 60 days.",
    criteria=lambda b: b.all(
        b.event("purchase").exists(),
        b.event("purchase").within(days(60)).not_exists(),
    ),
)

big_spenders = define_bucket(
    id="big-spenders",
    name="Big spenders",
    description="At least 2 purchases of $50 or more in 180 days.",
    criteria=lambda b: (
        b.event("purchase").where(b.prop("amount").gte(50)).within(days(180)).at_least(2)
    ),
)


@define_journey(
    id="win-back",
    name="Win back",
    description="Two mails to good customers who lapse; whoever buys gets no more of them.",
    trigger=lapsed.entered,
    exit_on=[lapsed.left],
)
async def win_back(user, ctx):
    if not await ctx.history.has_event("purchase", where=lambda b: b.prop("amount").gte(100)):
        ctx.exit("never spent $100 at once")
    address = f"{user.id}@example.org"  # the data have no addresses
    await send_email(template="come-back", to=address, user_id=user.id, props={"reminder": False})
    await ctx.sleep(days(3))
    await send_email(template="come-back", to=address, user_id=user.id, props={"reminder": True})


client = create_client(
    buckets=[repeat_buyers, lapsed, big_spenders],
    journeys=[win_back],
    templates=Path(__file__).with_name("emails"),
)
