"""What a catalogue of papers answered: its JSON object, or why there is none; and the names in it."""

from __future__ import annotations

from collections.abc import Iterable

from helpers import console, json_fields, printable
from helpers.json_fields import Json
from helpers.read.web import client


def checked(answer: client.Response, name: str, key: str, *, searched: bool) -> Json:
    """Return the JSON object of an answer that is one; else raise a Failure that says what to do.

    `searched`: many were asked for, so that 404 speaks of the address and not of a paper.
    """
    if answer.status == 404 and not searched:
        raise console.answer_no(f"{name} does not know this paper", "try its DOI, its arXiv id, or search by title")
    if answer.status == 404:
        raise console.outside(
            f"{name} has no search at the address that is asked (404)", "look at the service's ..._API_URL"
        )
    if answer.status in (401, 403):
        do = f"look at ${key}" if key else "it may want a key now: see references/literature.md"
        raise console.outside(f"{name} refuses us ({answer.status}): {printable.line(answer.text, 160)}", do)
    if answer.status != 200:
        what = f"{name} did not take the question ({answer.status}): {printable.line(answer.text, 160)}"
        raise console.outside(what, "ask in plainer words, without quotes and brackets")
    value = answer.json()
    if not isinstance(value, dict) or (searched and not {"data", "results", "total"} & set(value)):
        raise console.outside(f"{name} answered with JSON of another shape", "its interface may have changed")
    return value


def names(values: Iterable[object]) -> tuple[str, ...]:
    """Return people's names, cleaned."""
    return tuple(printable.line(name, 100) for name in map(json_fields.text, values) if name)
