"""Explanations: each leaf with the facts behind it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

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
            fact="at least 1 seen event; the last one was 9 days ago (2026-02-20 00:00:00 UTC)",
            more=True,
            newest=last,
        ),
        LeafExplanation(
            path="conditions[1].condition",
            text="did seen in the last 7 days",
            matches=False,
            observed=0,
            fact="no seen event in the last 7 days; "
            "the last one was 9 days ago (2026-02-20 00:00:00 UTC)",
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


AGO = "the last one was 2 days ago (2026-02-27 00:00:00 UTC)"
pro = b.prop("plan").eq("pro")
end = b.prop("end").within_next(days(3))


@pytest.mark.parametrize(
    ("tree", "times", "properties", "reason"),
    [
        (b.event("seen").within(days(7)).exists(), [], {}, "no seen event ever"),
        (
            b.event("seen").within(days(1)).exists(),
            [NOW - days(2)],
            {},
            f"no seen event in the last day; {AGO}",
        ),
        (
            b.event("seen").at_least(3),
            [NOW - days(2)] * 2,
            {},
            f"2 seen events; {AGO}; wanted: did seen at least 3 times",
        ),
        (
            b.event("seen").within(days(7)).not_exists(),
            [NOW - days(2)],
            {},
            f"at least 1 seen event in the last 7 days; {AGO}; "
            "wanted: did not do seen in the last 7 days",
        ),
        (pro, [], {"plan": "free"}, 'plan is "free"; wanted: plan is "pro"'),
        (pro, [], {}, 'plan is not set; wanted: plan is "pro"'),
        (pro, [], {"plan": "pro"}, 'plan is "pro"'),
        (b.not_(pro), [], {"plan": "pro"}, 'plan is "pro"; wanted: not (plan is "pro")'),
        (
            end,
            [],
            {"end": "2026-03-11"},
            "end is 2026-03-11, in 10 days; wanted: end is within the next 3 days",
        ),
        (
            end,
            [],
            {"end": "soon"},
            'end is "soon", which is no date; wanted: end is within the next 3 days',
        ),
    ],
    ids=repr,
)
def test_the_reason_of_one_leaf(tree, times, properties, reason):
    """What was found, and what was wanted unless that goes without saying."""
    assert explained(tree, *times, properties=properties).reason == reason


A, B, C = (b.prop(name).exists() for name in "abc")


@pytest.mark.parametrize(
    ("tree", "properties", "named"),
    [
        (b.all(A, B, C), {"a": 1}, ["b"]),
        (b.all(A, B), {"a": 1, "b": 1}, ["a", "b"]),
        (b.any(A, B, C), {"b": 1, "c": 1}, ["b"]),
        (b.any(A, B), {}, ["a", "b"]),
        (b.not_(b.all(A, B)), {"a": 1}, ["b"]),
        (b.not_(b.any(A, B)), {}, ["a", "b"]),
        (b.all(A, b.any(B, C)), {"a": 1}, ["b", "c"]),
        (b.any(b.all(A, B), C), {"a": 1}, ["b", "c"]),
    ],
    ids=repr,
)
def test_the_first_reason_decides(tree, properties, named):
    """One failing part is enough to fail an "and", one holding part to fulfil an "or"."""
    reason = explained(tree, properties=properties).reason
    assert [part[0] for part in reason.split(", and ")] == named


def test_many_reasons_are_counted():
    """Three are named."""
    tree = b.any(*(b.prop(name).exists() for name in "abcde"))
    assert explained(tree).reason.endswith("; wanted: c is set, and 2 more")


def test_that_there_were_events_at_all_goes_without_saying():
    """Where another condition says more about the same events."""
    seen = b.event("seen")
    tree = b.all(seen.exists(), seen.within(days(1)).not_exists())
    assert explained(tree, NOW - days(2)).reason == f"no seen event in the last day; {AGO}"
