"""Explanations: each leaf with the facts behind it."""

from __future__ import annotations

from datetime import UTC, datetime

from hogsend.criteria.builder import CriteriaBuilder
from hogsend.criteria.evaluate import Facts, Verdict, compile  # noqa: A004
from hogsend.criteria.explain import LeafExplanation, explain
from hogsend.durations import days

NOW = datetime(2026, 3, 1, tzinfo=UTC)
b = CriteriaBuilder()


def explained(tree, *times, properties=None):
    facts = {needed.slot: times for needed in compile(tree).slots}
    return explain(tree, Facts(properties=properties or {}, newest=facts), NOW)


def test_each_leaf_with_path_text_observation_and_instants():
    """The lapsed tree, nine days after the last activity."""
    seen = b.event("seen")
    tree = b.all(seen.exists(), b.not_(seen.within(days(7)).exists()))
    last = NOW - days(9)
    explanation = explained(tree, last)
    assert explanation.text == "did seen and not (did seen in the last 7 days)"
    assert explanation.verdict == Verdict(matches=True, since=last + days(7))
    assert explanation.leaves == (
        LeafExplanation(
            path="conditions[0]",
            text="did seen",
            matches=True,
            observed=1,
            more=True,
            newest=last,
        ),
        LeafExplanation(
            path="conditions[1].condition",
            text="did seen in the last 7 days",
            matches=False,
            observed=0,
            newest=last,
            since=last + days(7),
        ),
    )


def test_a_count_is_what_is_in_the_window():
    """Three of five in the window are three; five of five read may be more."""
    tree = b.event("seen").within(days(10)).at_least(5)
    times = [NOW - days(day) for day in (1, 2, 3, 20, 30)]
    (leaf,) = explained(tree, *times).leaves
    assert (leaf.observed, leaf.more, leaf.matches) == (3, False, False)
    (leaf,) = explained(tree, *[NOW - days(1)] * 5).leaves
    assert (leaf.observed, leaf.more, leaf.flips_at) == (5, True, NOW + days(9))


def test_no_events_at_all():
    """Nothing observed, nothing newest, nothing more."""
    (leaf,) = explained(b.event("seen").within(days(1)).exists()).leaves
    assert (leaf.observed, leaf.more, leaf.newest) == (0, False, None)


def test_a_property_is_shown_as_it_is():
    """Its value, or None when it is missing; the date's next flip."""
    tree = b.any(b.prop("end").within_next(days(3)), b.prop("plan").eq("pro"))
    leaves = explained(tree, properties={"end": "2026-03-10"}).leaves
    assert [leaf.observed for leaf in leaves] == ["2026-03-10", None]
    assert leaves[0].flips_at == datetime(2026, 3, 7, tzinfo=UTC)
