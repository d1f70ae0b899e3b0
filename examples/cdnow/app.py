"""Three groups of CDNOW's customers; `make demo` replays their purchases through them."""

from hogsend import create_client, days, define_bucket

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

client = create_client(buckets=[repeat_buyers, lapsed, big_spenders])
