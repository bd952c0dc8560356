"""JSON of strangers, read field by field: what has another shape than its documentation says counts as absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from helpers import console, printable
from helpers.read.web import client

Json = Mapping[str, Any]


def checked(answer: client.Response, name: str, key: str) -> Json:
    """Return the JSON object of an answer that is one; else raise a Failure that says what to do."""
    if answer.status == 404:
        raise console.answer_no(f"{name} does not know this paper", "try its DOI, its arXiv id, or search by title")
    if answer.status in (401, 403):
        do = f"look at ${key}" if key else "it may want a key now: see references/literature.md"
        raise console.outside(f"{name} refuses us ({answer.status}): {printable.line(answer.text, 160)}", do)
    if answer.status != 200:
        what = f"{name} did not take the question ({answer.status}): {printable.line(answer.text, 160)}"
        raise console.outside(what, "ask in plainer words, without quotes and brackets")
    value = answer.json()
    if not isinstance(value, dict):
        raise console.outside(f"{name} answered with JSON of another shape", "its interface may have changed")
    return value


def items(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list, nothing where it is no list."""
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a text, empty where it is none."""
    return value if isinstance(value, str) else ""


def integer(value: object) -> int | None:
    """Return a whole number, None where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def mapping(value: object) -> Json:
    """Return an object, empty where it is none."""
    return value if isinstance(value, dict) else {}


def names(values: Iterable[object]) -> tuple[str, ...]:
    """Return people's names, cleaned."""
    return tuple(printable.line(name, 100) for name in map(text, values) if name)
