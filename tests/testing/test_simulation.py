"""``simulate``: every method does what a test's author expects of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.testing.buckets import big_spender, on_trial, went_dormant

from hogsend import days, define_bucket, hours, minutes
from hogsend.errors import DefinitionError, InvalidInputError
from hogsend.testing import Dwell, SimulationError, Transition, simulate

START = datetime(2026, 1, 1, tzinfo=UTC)


async def test_the_example_of_the_design():
    """A join by the clock happens at its own instant, however far time is moved."""
    bucket = went_dormant()
    async with simulate(buckets=[bucket], start="2026-01-01T00:00:00Z") as sim:
        await sim.event("u1", "app.active", {"path": "/"}, contact={"plan": "pro"}, at=None)
        await sim.events([{"name": "app.active", "userId": "u2"}])
        await sim.advance(days(6))
        await sim.event("u2", "app.active")
        await sim.advance(days(2))
        assert await sim.members(bucket) == {"u1"}
        assert await sim.members("went-dormant") == {"u1"}
        assert sim.now == START + days(8)
        assert sim.transitions == [
            Transition(
                user_id="u1",
                bucket_id="went-dormant",
                kind="entered",
                reason=None,
                at=START + days(7),
            )
        ]


async def test_transitions_come_in_the_order_of_their_emission():
    """Instants that several users are due at lie in between; a leave tells its reason."""
    async with simulate(buckets=[went_dormant(), on_trial()]) as sim:
        await sim.event("u1", "app.active", contact={"plan": "trial"})
        await sim.advance(hours(1))
        await sim.event("u2", "app.active")
        await sim.advance(days(10))
        await sim.event("u1", "app.active", contact={"plan": None})
        seen = [(t.user_id, t.bucket_id, t.kind, t.reason, t.at - START) for t in sim.transitions]
        assert seen[:3] == [
            ("u1", "on-trial", "entered", None, timedelta(0)),
            ("u1", "went-dormant", "entered", None, days(7)),
            ("u2", "went-dormant", "entered", None, days(7) + hours(1)),
        ]
        now = days(10) + hours(1)
        assert set(seen[3:]) == {  # what one event changes in two buckets has no order
            ("u1", "on-trial", "left", "criteria", now),
            ("u1", "went-dormant", "left", "criteria", now),
        }


async def test_the_log_can_be_read_when_the_simulation_is_over():
    """Asserts may stand below the block."""
    async with simulate(buckets=[on_trial()]) as sim:
        await sim.contact("u1", plan="trial")
        before = sim.transitions
    assert sim.transitions == before
    assert sim.dwells == []


async def test_redefine_does_what_a_deploy_does():
    """Who matches already joins silently, who does not any more leaves; time goes on from there."""

    def active(window):
        return define_bucket(
            id="active",
            name="Active",
            criteria=lambda b: b.event("act").within(window).exists(),
        )

    async with simulate(buckets=[active(days(1))]) as sim:
        await sim.event("u1", "act")
        await sim.advance(days(2))
        await sim.event("u2", "act")
        await sim.redefine(active(days(5)))
        assert await sim.members("active") == {"u1", "u2"}
        await sim.advance(days(3))
        await sim.redefine(active(days(1)))
        assert await sim.members("active") == set()
        await sim.redefine(on_trial())
        await sim.contact("u3", plan="trial")
        assert await sim.members("on-trial") == {"u3"}
    seen = [(change.user_id, change.kind, change.at - START) for change in sim.transitions]
    assert seen[:3] == [
        ("u1", "entered", days(0)),
        ("u1", "left", days(1)),
        ("u2", "entered", days(2)),
    ]
    assert sorted(seen[3:5]) == [("u1", "left", days(5)), ("u2", "left", days(5))]


async def test_contact_merges_and_none_clears():
    """Properties that are not named stay."""
    async with simulate(buckets=[on_trial()]) as sim:
        created = await sim.contact("u1", plan="trial", seats=3)
        assert created.created
        await sim.contact("u1", seats=4)
        assert await sim.members("on-trial") == {"u1"}
        await sim.contact("u1", plan=None)
        assert await sim.members("on-trial") == set()


async def test_an_event_tells_what_became_of_it():
    """The outcome is the one that the HTTP API answers from."""
    async with simulate(buckets=[on_trial()]) as sim:
        first = await sim.event("u1", "signup", contact={"plan": "trial"}, key="k")
        again = await sim.event("u1", "signup", contact={"plan": "pro"}, key="k")
        assert (first.stored, first.created) == (True, True)
        assert [event.name for event in first.emitted] == [
            "bucket:entered:on-trial",
            "bucket:entered",
        ]
        assert not again.stored
        assert await sim.members("on-trial") == {"u1"}


async def test_an_address_alone_is_enough():
    """Without a user id, the address finds or makes the contact."""
    async with simulate(buckets=[on_trial()]) as sim:
        await sim.contact("u1", plan="trial")
        await sim.event("u1", "signup", email="Ada@example.com")
        outcome = await sim.event(None, "login", email="ada@example.com")
        assert outcome.user_id == "u1"


@pytest.mark.parametrize(
    "at",
    ["2025-12-20T00:00:00Z", "2025-12-20", datetime(2025, 12, 20, 2, tzinfo=timezone(hours(2)))],
    ids=str,
)
async def test_an_event_of_the_past_counts_from_its_own_instant(at):
    """``at`` is text or an aware instant of any zone."""
    async with simulate(buckets=[went_dormant()]) as sim:
        await sim.event("u1", "app.active", at=at)
        assert await sim.members("went-dormant") == {"u1"}


async def test_a_batch_is_one_transaction():
    """One wrong item, and none is stored."""
    async with simulate(buckets=[on_trial()]) as sim:
        good = {"name": "signup", "userId": "u1", "contactProperties": {"plan": "trial"}}
        with pytest.raises(InvalidInputError, match="names that begin with 'bucket:'"):
            await sim.events([good, {"name": "bucket:entered", "userId": "u1"}])
        assert await sim.members("on-trial") == set()
        outcomes = await sim.events([good, {**good, "userId": "u2"}])
        assert [outcome.user_id for outcome in outcomes] == ["u1", "u2"]
        assert await sim.events([]) == []


async def test_more_members_than_fit_on_a_page():
    """All of them, not the first thousand."""
    async with simulate(buckets=[on_trial()]) as sim:
        everybody = {f"u{number}" for number in range(1001)}
        await sim.events(
            [
                {"name": "signup", "userId": user, "contactProperties": {"plan": "trial"}}
                for user in sorted(everybody)
            ]
        )
        assert await sim.members("on-trial") == everybody


async def test_dwells_are_read_from_the_log():
    """Each at its own instant, with its count."""
    bucket = on_trial().schedule_dwell(every=days(1), label="daily").schedule_dwell(after=days(2))
    async with simulate(buckets=[bucket]) as sim:
        await sim.contact("u1", plan="trial")
        await sim.advance(days(2))
        assert sorted(sim.dwells, key=lambda dwell: (dwell.at, dwell.label)) == [
            Dwell(user_id="u1", bucket_id="on-trial", label="daily", count=1, at=START + days(1)),
            Dwell(
                user_id="u1",
                bucket_id="on-trial",
                label="after-2-days",
                count=1,
                at=START + days(2),
            ),
            Dwell(user_id="u1", bucket_id="on-trial", label="daily", count=2, at=START + days(2)),
        ]


async def test_the_clock_comes_before_an_event_of_the_same_instant():
    """A window that ends when the next event comes has ended."""
    async with simulate(buckets=[went_dormant()]) as sim:
        await sim.event("u1", "app.active")
        await sim.advance(days(7))
        await sim.event("u1", "app.active")
        assert [(t.kind, t.at - START) for t in sim.transitions] == [
            ("entered", days(7)),
            ("left", days(7)),
        ]


async def test_explain_shows_each_condition_with_its_facts():
    """The verdict of the whole, of the leaves, and when it changes."""
    bucket = big_spender()
    async with simulate(buckets=[bucket]) as sim:
        await sim.event("u1", "order.placed", {"total": 80})
        await sim.advance(days(1))
        await sim.event("u1", "order.placed", {"total": 10})
        explanation = await sim.explain(bucket, "u1")
        assert not explanation.verdict.matches
        assert [(leaf.observed, leaf.newest) for leaf in explanation.leaves] == [(1, START)]
        await sim.event("u1", "order.placed", {"total": 50})
        explanation = await sim.explain("big-spender", "u1")
        assert explanation.verdict.matches
        assert explanation.verdict.flips_at == START + days(30)


async def test_explain_reads_properties():
    """A leaf on a property shows the contact's value."""
    async with simulate(buckets=[on_trial()]) as sim:
        await sim.contact("u1", plan="pro")
        assert (await sim.explain("on-trial", "u1")).leaves[0].observed == "pro"


async def test_users_whom_nobody_knows_are_in_nothing():
    """They are no error, just not there."""
    async with simulate(buckets=[went_dormant(), on_trial()]) as sim:
        for bucket in ("went-dormant", "on-trial"):
            assert await sim.members(bucket) == set()
            assert not (await sim.explain(bucket, "nobody")).verdict.matches
        assert not await sim.delete_contact("nobody")
        assert sim.transitions == []


async def test_a_deleted_contact_is_in_no_bucket_any_more():
    """Nothing is announced, and the clock does not bring them back."""
    async with simulate(buckets=[went_dormant(), on_trial()]) as sim:
        await sim.event("u1", "app.active", contact={"plan": "trial"})
        assert await sim.delete_contact("u1")
        assert await sim.members("on-trial") == set()
        await sim.advance(days(30))
        assert await sim.members("went-dormant") == set()
        assert [t.kind for t in sim.transitions] == ["entered"]


async def test_an_erased_contact_begins_anew():
    """With ``erase`` the log forgets them, too."""
    async with simulate(buckets=[big_spender()]) as sim:
        await sim.event("u1", "order.placed", {"total": 80})
        assert await sim.delete_contact("u1", erase=True)
        await sim.event("u1", "order.placed", {"total": 80})
        assert await sim.members("big-spender") == set()


async def test_advance_to_takes_text_and_instants():
    """A date alone is midnight UTC; the present instant is allowed."""
    async with simulate(start=START) as sim:
        await sim.advance_to("2026-02-01")
        assert sim.now == datetime(2026, 2, 1, tzinfo=UTC)
        await sim.advance_to(sim.now)
        await sim.advance(minutes(0))
        assert sim.now == datetime(2026, 2, 1, tzinfo=UTC)


async def test_a_bucket_of_the_simulation_answers_by_itself():
    """``count`` and its siblings read the simulation, as they would read a client's database."""
    bucket = on_trial()
    async with simulate(buckets=[bucket]) as sim:
        await sim.contact("u1", plan="trial")
        assert (await bucket.count()).data == 1
    assert (await bucket.count()).error


async def test_two_simulations_at_once_know_nothing_of_each_other():
    """Each has a database and a clock of its own."""
    bucket = went_dormant()
    async with simulate(buckets=[bucket]) as one, simulate(buckets=[bucket]) as other:
        await asyncio.gather(one.event("u1", "app.active"), other.event("u2", "app.active"))
        await one.advance(days(7))
        assert other.now == START
        assert await other.members(bucket) == set()
        await other.advance(days(8))
        assert (await one.members(bucket), await other.members(bucket)) == ({"u1"}, {"u2"})
        assert [t.user_id for t in other.transitions] == ["u2"]


async def test_a_simulation_begins_empty_after_another_one():
    """Databases are used again; what was in them is not seen."""
    for _ in range(3):
        async with simulate(buckets=[on_trial()]) as sim:
            assert await sim.members("on-trial") == set()
            assert sim.transitions == []
            assert (await sim.contact("u1", plan="trial")).created


async def test_a_failing_test_leaves_nothing_behind_for_the_next():
    """The error comes out as it is, and the next simulation begins empty."""

    async def fail():
        async with simulate(buckets=[on_trial()]) as sim:
            await sim.contact("u1", plan="trial")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with simulate(buckets=[on_trial()]) as sim:
        assert await sim.members("on-trial") == set()


async def test_writes_at_the_same_time():
    """A test may gather; each write is a transaction of its own."""
    async with simulate(buckets=[on_trial()]) as sim:
        users = {f"u{number}" for number in range(20)}
        await asyncio.gather(*(sim.contact(user, plan="trial") for user in users))
        assert await sim.members("on-trial") == users


async def test_a_reserved_name_is_refused():
    """The transitions are the engine's to record."""
    async with simulate() as sim:
        with pytest.raises(InvalidInputError, match="choose another name"):
            await sim.event("u1", "bucket:entered:on-trial")


async def test_an_unknown_bucket_is_refused_with_a_suggestion():
    """By id or by definition, whoever asks."""
    stranger = define_bucket(id="zzz", name="Z", criteria=lambda b: b.prop("z").exists())
    async with simulate(buckets=[on_trial()]) as sim:
        with pytest.raises(SimulationError, match="did you mean 'on-trial'"):
            await sim.members("on_trial")
        with pytest.raises(SimulationError, match=r"no bucket 'zzz'.*there are: on-trial"):
            await sim.explain(stranger, "u1")
    async with simulate() as sim:
        with pytest.raises(SimulationError, match="there are: none"):
            await sim.members("on-trial")


@pytest.mark.parametrize(
    ("instant", "message"),
    [
        (START.replace(tzinfo=None), "names no time zone"),
        ("2026-01-02T00:00:00", "names no time zone"),
        ("tomorrow", "is not ISO 8601"),
        (7, "must be an instant"),
    ],
    ids=str,
)
async def test_what_is_no_instant_is_refused(instant, message):
    """Wherever an instant is taken."""
    with pytest.raises(SimulationError, match=f"start.*{message}"):
        async with simulate(start=instant):
            pass
    async with simulate() as sim:
        with pytest.raises(SimulationError, match=f"at .*{message}"):
            await sim.event("u1", "signup", at=instant)
        with pytest.raises(SimulationError, match=f"instant .*{message}"):
            await sim.advance_to(instant)


async def test_time_does_not_go_back():
    """Nor by how long, nor to when; and it does not move when it is refused."""
    async with simulate(start=START) as sim:
        with pytest.raises(SimulationError, match=r"cannot go back by 1:00:00.*with at="):
            await sim.advance(-hours(1))
        with pytest.raises(SimulationError, match=r"It is 2026-01-01.* already"):
            await sim.advance_to("2025-12-31T00:00:00Z")
        with pytest.raises(SimulationError, match=r"such as days\(7\); got 7"):
            await sim.advance(7)
        with pytest.raises(SimulationError, match="Move time on first"):
            await sim.event("u1", "signup", at=START + minutes(1))
        assert sim.now == START


async def test_definitions_are_checked_before_anything_is_started():
    """As ``create_client`` checks them."""
    with pytest.raises(DefinitionError, match="defined 2 times"):
        async with simulate(buckets=[on_trial(), on_trial()]):
            pass
