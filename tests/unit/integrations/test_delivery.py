"""When a delivery is tried again, and when a destination is left alone."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from tests.world import START

from hogsend.durations import days, seconds
from hogsend.integrations.delivery import BACKOFF, Rest, Retries
from hogsend.integrations.outbox import Claimed, Ending


def row(attempts=0):
    return Claimed(
        user_id="u",
        destination="d",
        position=1,
        id=uuid4(),
        topic="t",
        payload={},
        created_at=START,
        epoch=1,
        unsure=1,
        attempts=attempts,
    )


def test_pauses_grow_and_are_never_quite_the_same():
    """Between four and six fifths of the schedule; after the last, the row is dead."""
    retries = Retries(lambda: START)
    for attempts, pause in enumerate(BACKOFF):
        found = {retries.refused(row(attempts), "no").at - START for _ in range(20)}
        assert len(found) > 10
        assert all(0.8 * pause <= each <= 1.2 * pause for each in found)
    dead = retries.refused(row(len(BACKOFF)), "no\0")
    assert (dead.ending, dead.at, dead.error) == (Ending.DEAD, START, "no\\0")
    assert sum(BACKOFF, timedelta(0)) > days(2)


def test_the_other_side_may_ask_for_more_time():
    """Retry-After is kept, if it is longer; what is refused for good is dead at once."""
    retries = Retries(lambda: START)
    assert retries.refused(row(), "no", retry_after=90).at == START + seconds(90)
    assert retries.refused(row(3), "no", retry_after=1).at > START + seconds(90)
    assert retries.refused(row(), "no", final=True).ending is Ending.DEAD


def test_a_destination_that_refuses_everything_is_left_alone():
    """After some refusals in a row, for longer each time, until it takes something."""
    rest = Rest(patience=2)
    rest.note(START, works=False)
    assert rest.over(START)
    rest.note(START, works=False)
    assert not rest.over(START)
    assert rest.over(START + seconds(1))
    rest.note(START, works=False)
    assert not rest.over(START + seconds(1.5))
    rest.note(START, works=False, retry_after=500)
    assert not rest.over(START + seconds(499))
    rest.note(START, works=True)
    assert rest.over(START)
