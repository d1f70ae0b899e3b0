"""Memory, SQL and a brute-force count never disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from tests.property.criteria.strategies import SOAK, Case, batches, examples, trees
from tests.property.oracle import holds, passes

from hogsend.criteria.evaluate import Facts, Verdict, compile, evaluate  # noqa: A004

if TYPE_CHECKING:
    from hogsend.criteria.ast import Criteria


def facts_of(tree: Criteria, case: Case) -> Facts:
    """What a reader hands to ``evaluate``: per slot the newest, to its depth and horizon."""
    newest = {}
    for needed in compile(tree).slots:
        times = sorted(
            (
                event.at
                for event in case.happened
                if event.name == needed.slot.event_name
                and passes(needed.slot.where, event.properties)
                and (needed.horizon is None or case.now < event.at + needed.horizon)
            ),
            reverse=True,
        )
        newest[needed.slot] = times[: needed.depth]
    return Facts(properties=case.properties, newest=newest)


def judge_in_memory(tree: Criteria, case: Case) -> Verdict:
    return evaluate(tree, facts_of(tree, case), case.now)


def check_all_agree(judge, tree, batch) -> None:
    in_memory = [judge_in_memory(tree, case) for case in batch]
    for case, verdict in zip(batch, in_memory, strict=True):
        assert verdict.matches == holds(tree, case.properties, case.history, case.now)
    assert judge.verdicts(tree, batch) == in_memory


@given(tree=trees(), batch=batches())
@examples(300)
def test_memory_sql_and_the_oracle_agree(judge, tree, batch):
    """For any tree, history and clock, the three give one verdict, flips and since included."""
    check_all_agree(judge, tree, batch)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@given(tree=trees(), batch=batches())
@examples(SOAK)
def test_memory_sql_and_the_oracle_agree_for_long(judge, tree, batch):
    """The same, twenty thousand times."""
    check_all_agree(judge, tree, batch)
