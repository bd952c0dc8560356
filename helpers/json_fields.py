"""JSON of strangers, read field by field: what has another shape than its documentation says counts as absent."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def text_at(value: object, *path: str) -> str:
    """Return a text, here or along a path of keys; empty where there is none."""
    found = _at(value, path)
    return found if isinstance(found, str) else ""


def integer(value: object, *path: str) -> int | None:
    """Return a whole number, None where it is none."""
    found = _at(value, path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def count(value: object, *path: str) -> int:
    """Return a number of things, 0 where it is none or below 0."""
    return max(0, integer(value, *path) or 0)


def values_at(value: object, *path: str) -> list[Any]:
    """Return a list, empty where it is none."""
    found = _at(value, path)
    return found if isinstance(found, list) else []


def items(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list, nothing where it is no list."""
    return [v for v in values_at(value) if isinstance(v, dict)]


def mapping(value: object) -> Json:
    """Return an object, empty where it is none."""
    return value if isinstance(value, dict) else {}


def _at(value: object, path: tuple[str, ...]) -> object:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
