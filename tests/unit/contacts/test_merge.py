"""How a write merges into a contact."""

from __future__ import annotations

import pytest

from hogsend.contacts.model import Contact, merge

ANN = Contact(user_id="ann", email="ann@x.org", properties={"plan": "trial", "seats": 1})


def test_a_patch_is_merged_shallowly():
    """Keys of the patch replace, the others stay."""
    merged = merge(ANN, {"plan": "pro", "tags": ["a"]})
    assert merged.contact.properties == {"plan": "pro", "seats": 1, "tags": ["a"]}
    assert merged.changed_keys == {"plan", "tags"}


def test_null_clears_a_key():
    """A null in the patch removes the key; clearing what is not there changes nothing."""
    assert merge(ANN, {"seats": None}).contact.properties == {"plan": "trial"}
    assert not merge(ANN, {"other": None}).changed


def test_the_same_value_changes_nothing():
    """A write that says what is known already has nothing to store and nothing to evaluate."""
    merged = merge(ANN, {"plan": "trial"}, "ann@x.org")
    assert not merged.changed
    assert merged.changed_keys == frozenset()


@pytest.mark.parametrize("value", [True, 1.0])
def test_values_equal_in_python_but_not_in_json_do_change(value):
    """1, 1.0 and true are three different JSON values."""
    merged = merge(ANN, {"seats": value})
    assert merged.changed_keys == {"seats"}
    assert merged.contact.properties["seats"] is value


def test_an_address_is_stored_without_touching_properties():
    """A new address is a change, but of no property."""
    merged = merge(ANN, {}, "new@x.org")
    assert merged.contact.email == "new@x.org"
    assert (merged.changed, merged.changed_keys) == (True, frozenset())
