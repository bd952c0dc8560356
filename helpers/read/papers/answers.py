"""A catalogue of papers: where it is, the person's key for it, and its answer, a JSON object or why there is none."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from helpers import console, json_fields, printable
from helpers.json_fields import Json
from helpers.read.web import client


@dataclass(frozen=True)
class Catalogue:
    """A service; `address` and `keys` are the variables in which a person sets another server, and a key."""

    name: str
    public: str
    address: str
    keys: tuple[str, ...]

    @property
    def base(self) -> str:
        """Its address."""
        return os.environ.get(self.address, "").rstrip("/") or self.public

    @property
    def key(self) -> str:
        """The person's key, empty without one."""
        return next(filter(None, map(os.environ.get, self.keys)), "")

    def checked(self, answer: client.Response, *, searched: bool) -> Json:
        """Return the JSON object of an answer that is one; else raise a Failure that says what to do.

        `searched`: many were asked for, so that 404 speaks of the address and not of a paper.
        """
        if answer.status == 404 and not searched:
            do = "try its DOI, its arXiv id, or search by title"
            raise console.answer_no(f"{self.name} does not know this paper", do)
        if answer.status == 404:
            what = f"{self.name} has no search at the address that is asked (404)"
            raise console.outside(what, "look at the service's ..._API_URL")
        said = f"({answer.status}): {printable.one_line(answer.text, 160)}"
        if answer.status in (401, 403):
            do = f"look at ${self.keys[0]}" if self.key else "it may want a key now: see references/literature.md"
            raise console.outside(f"{self.name} refuses us {said}", do)
        if answer.status != 200:
            do = "ask in plainer words, without quotes and brackets"
            raise console.outside(f"{self.name} did not take the question {said}", do)
        value = answer.json()
        if not isinstance(value, dict) or (searched and not _rows(value)):
            raise console.outside(f"{self.name} answered with JSON of another shape", "its interface may have changed")
        return value


def _rows(value: Json) -> bool:
    """Whether the answer to a search has rows, or says that there are none: then Semantic Scholar leaves them out."""
    rows = value.get("data", value.get("results"))
    if rows is None:
        return value.get("total") == 0
    return isinstance(rows, list) and (not rows or any(isinstance(row, dict) for row in rows))


def people(values: Iterable[object]) -> tuple[str, ...]:
    """Return people's names, cleaned."""
    return tuple(printable.one_line(name, 100) for name in map(json_fields.text_at, values) if name)
