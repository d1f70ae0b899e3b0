"""Trees survive their JSON form."""

from __future__ import annotations

import json

from hypothesis import given
from tests.property.criteria.strategies import examples, trees
from tests.unit.criteria.test_schema import SCHEMA, admits

from hogsend.criteria.analyze import analyze
from hogsend.criteria.builder import build
from hogsend.criteria.describe import describe
from hogsend.criteria.dump import canonical_json, dump, fingerprint
from hogsend.criteria.parse import parse
from hogsend.criteria.sql import compile_selection
from hogsend.criteria.validate import validate


@given(tree=trees())
@examples(150)
def test_a_tree_is_what_its_json_says(tree):
    """dump, a trip through a JSON text, and parse give an equal tree, text and fingerprint."""
    form = dump(tree)
    again = parse(json.loads(json.dumps(form)))
    assert again == tree == build(tree)
    assert hash(again) == hash(tree)
    assert canonical_json(again) == canonical_json(tree)
    assert fingerprint(again) == fingerprint(tree)
    assert admits(SCHEMA, form)


@given(one=trees(depth=2), other=trees(depth=2))
@examples(100)
def test_different_trees_have_different_texts(one, other):
    """Equal exactly when their canonical texts are."""
    assert (one == other) is (canonical_json(one) == canonical_json(other))


@given(tree=trees())
@examples(100)
def test_every_interpretation_takes_every_tree(tree):
    """Nothing raises; and what is compiled twice is the same text twice."""
    assert describe(tree)
    assert isinstance(validate(tree), list)
    assert analyze(tree) == analyze(tree)
    assert compile_selection(tree) == compile_selection(tree)
