"""JSON of strangers: any value is taken, and what is not as documented is absent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpers import json_fields

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_any_value_is_taken(value: object) -> None:
    """Whatever stands there, each reader answers with its own type and never fails."""
    assert isinstance(json_fields.text_at(value), str)
    assert isinstance(json_fields.text_at(value, "a", "b"), str)
    assert json_fields.count(value) >= 0
    assert isinstance(json_fields.values_at(value), list)
    assert all(isinstance(item, dict) for item in json_fields.items(value))
    assert isinstance(json_fields.mapping(value), dict)
    assert json_fields.integer(value) is None or json_fields.integer(value) == value


def test_fields() -> None:
    """What is as documented comes back; a truth value is no number."""
    assert "x" == json_fields.text_at({"a": {"b": "x"}}, "a", "b")
    assert (3, 0, 0) == (json_fields.count(3), json_fields.count(-3), json_fields.count("3"))
    assert (None, [1], [{}]) == (json_fields.integer(True), json_fields.values_at([1]), json_fields.items([{}, 1]))
