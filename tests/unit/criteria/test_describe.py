"""Trees in English."""

from __future__ import annotations

import pytest

from hogsend.criteria.builder import CriteriaBuilder
from hogsend.criteria.describe import describe
from hogsend.criteria.operators import OPERATORS
from hogsend.durations import days, minutes

b = CriteriaBuilder()
KEY = b.event("key.action")


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (KEY.exists(), "did key.action"),
        (KEY.not_exists(), "never did key.action"),
        (KEY.within(days(1)).exists(), "did key.action in the last day"),
        (KEY.within(days(7)).not_exists(), "did not do key.action in the last 7 days"),
        (
            KEY.within(days(30)).at_least(10),
            "did key.action at least 10 times in the last 30 days",
        ),
        (KEY.at_least(1), "did key.action at least once"),
        (KEY.more_than(1), "did key.action more than once"),
        (KEY.at_most(2), "did key.action at most 2 times"),
        (KEY.less_than(2), "did key.action fewer than 2 times"),
        (
            KEY.within(minutes(90)).exactly(3),
            "did key.action exactly 3 times in the last 90 minutes",
        ),
        (b.event("a b").exists(), 'did "a b"'),
        (
            KEY.where(b.prop("plan").eq("pro"), b.prop("n").gt(5)).exists(),
            'did key.action (plan is "pro", n is more than 5)',
        ),
        (b.prop("plan").eq("pro"), 'plan is "pro"'),
        (b.prop("ok").neq(True), "ok is not true"),
        (b.prop("n").gte(5), "n is at least 5"),
        (b.prop("n").lt(0.5), "n is less than 0.5"),
        (b.prop("n").lte(5), "n is at most 5"),
        (b.prop("plan").exists(), "plan is set"),
        (b.prop("plan").not_exists(), "plan is not set"),
        (b.prop("tags").contains("é"), 'tags contains "é"'),
        (b.prop("plan").in_("a"), 'plan is one of "a"'),
        (b.prop("plan").not_in("a", "b", 3), 'plan is none of "a", "b" or 3'),
        (b.prop("url").starts_with("http"), 'url starts with "http"'),
        (b.prop("mail").ends_with("@x.com"), 'mail ends with "@x.com"'),
        (b.prop("at").before("2026-01-31"), "at is before 2026-01-31"),
        (b.prop("at").after("2026-01-31T09:00Z"), "at is after 2026-01-31T09:00Z"),
        (b.prop("end").within_next(days(3)), "end is within the next 3 days"),
        (b.prop("end").within_last(days(3)), "end is within the last 3 days"),
        (b.prop("end").older_than(days(3)), "end is at least 3 days ago"),
        (b.prop("{value}").eq("{name}"), '"{value}" is "{name}"'),
        (b.not_(KEY.exists()), "not (did key.action)"),
        (b.all(KEY.exists(), b.prop("n").lt(5)), "did key.action and n is less than 5"),
        (
            b.any(b.all(KEY.exists(), b.prop("n").lt(5)), b.all(b.prop("a").exists())),
            "(did key.action and n is less than 5) or a is set",
        ),
    ],
)
def test_text(tree, text):
    """The sentence that follows "everyone who"."""
    assert describe(tree) == text


def test_every_operator_has_a_phrase_of_its_own():
    """No two operators read alike, and all name their property."""
    phrases = [operator.phrase for operator in OPERATORS.values()]
    assert len(set(phrases)) == len(phrases)
    assert all(phrase.startswith("{name} ") for phrase in phrases)
