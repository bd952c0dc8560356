"""Asking GitHub's REST API: one place for its token, its limits, its pages and what its refusals mean.

Every answer is checked against github_shapes before anything is taken from it. Addresses that an answer contains (Link
headers, next pages) are never followed: pages are counted here, so that the token goes nowhere else.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from helpers import console, json_fields, printable
from helpers.read.forge import names, schema, token
from helpers.read.web import client, destinations

VERSION = "2022-11-28"
REMEMBERED_SECONDS = 6 * 3600.0
"""Seconds for which a remembered answer is given without asking again."""
PAGE = 100


@dataclass
class Api:
    """One server, the person's token for it, and how many more requests may be made."""

    base: str
    token: token.Token | None
    budget: client.Budget
    fresh: bool = False
    limits: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Of each kind of request: remaining, limit, when it is full again (seconds since the epoch)."""
    stale: bool = False
    notes: dict[str, None] = field(default_factory=dict)
    """What the answers lacked, each once: what is shown is shown without it."""

    @property
    def host(self) -> str:
        """The server's name, for messages."""
        return destinations.origin(self.base)[1]

    def one(self, path: str, endpoint: str, params: Mapping[str, str] | None = None, *, what: str) -> dict[str, Any]:
        """Return the object at `path`, checked as `endpoint`; `what` it is, for the message when there is none."""
        return self._object(self._get(path, params or {}, what), endpoint)

    def pages(
        self, path: str, endpoint: str, params: Mapping[str, str] | None = None, *, what: str, most: int = 1
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield up to `most` pages of a list.

        An empty one in the middle is no end as long as the server names a next.
        """
        for number in range(1, most + 1):
            asked = {**(params or {}), "per_page": str(PAGE), **({"page": str(number)} if number > 1 else {})}
            answer = self._get(path, asked, what)
            yield self._list(answer, endpoint)
            if 'rel="next"' not in answer.headers.get("link", ""):
                return

    def last_page(self, path: str, endpoint: str, *, what: str) -> list[dict[str, Any]]:
        """Return the newest page of a list that comes oldest first, and the one before when there is just one more."""
        import re

        first = self._get(path, {"per_page": str(PAGE)}, what)
        found = self._list(first, endpoint)
        last = re.search(r'[?&]page=(\d{1,6})[^>]*>;\s*rel="last"', first.headers.get("link", ""))
        if last and int(last[1]) > 1:
            found += self._list(self._get(path, {"per_page": str(PAGE), "page": last[1]}, what), endpoint)
        return found

    def search(self, kind: str, endpoint: str, params: Mapping[str, str], *, accept: str = "") -> dict[str, Any]:
        """Return one page of /search/`kind`, checked."""
        answer = self._get(f"/search/{kind}", params, f"search for {kind} at this address", accept=accept)
        return self._object(answer, endpoint)

    def said(self) -> str:
        """Return the state of the limits in words, empty when no request was made."""
        rows = [
            f"{left} of {most} {'requests' if kind == 'core' else kind + ' requests'} left, resets "
            f"{time.strftime('%H:%M', time.localtime(when))}"
            for kind, (left, most, when) in sorted(self.limits.items())
        ]
        who = "" if self.token else " (no token: with one the limits are far higher)"
        return f"{self.host}: {'; '.join(rows)}{who}" if rows else ""

    def _get(self, path: str, params: Mapping[str, str], what: str, *, accept: str = "") -> client.Response:
        headers = {"accept": accept or "application/vnd.github+json", "x-github-api-version": VERSION}
        kind, before = _kind(path), self.budget.used
        try:
            answer = client.get(
                self.base + path,
                params=params,
                headers=headers,
                token=self.token.value if self.token else None,
                trusted=[self.base],
                ttl=REMEMBERED_SECONDS,
                fresh=self.fresh,
                limit=kind,
                budget=self.budget,
            )
        except client.SourceThrottled as throttled:
            self._note(kind, throttled.headers)
            raise
        except client.Unreachable as failure:
            if failure.offline:
                failure.do = "allow the network; or search the git log with --local, which needs none"
            raise
        if self.budget.used > before and not answer.stale:  # a 304 says how much is left too
            self._note(kind, answer.headers)
        self.stale |= answer.stale
        if answer.status != 200:
            raise self._refusal(answer, path, what)
        return answer

    def _note(self, kind: str, headers: Mapping[str, str]) -> None:
        values = [headers.get(f"x-ratelimit-{name}", "") for name in ("remaining", "limit", "reset")]
        if all(v.isdigit() and len(v) < 12 for v in values):
            resource = printable.one_line(headers.get("x-ratelimit-resource", kind), 30)
            self.limits[resource] = (int(values[0]), int(values[1]), int(values[2]))

    def _checked(self, value: Any, endpoint: str) -> Any:  # noqa: ANN401 - any JSON value
        lacking = schema.require_fields(value, endpoint)
        self.notes.update(dict.fromkeys(f"the answer to {endpoint} lacks `{path}`" for path in lacking))
        return value

    def _list(self, answer: client.Response, endpoint: str) -> list[dict[str, Any]]:
        return json_fields.items(self._checked(answer.json(), endpoint))

    def _object(self, answer: client.Response, endpoint: str) -> dict[str, Any]:
        value = answer.json()
        if not isinstance(value, dict):
            what = f"{self.host} answered {endpoint} with JSON of another shape"
            raise console.outside(what, "is --api an API of GitHub's?")
        return dict(self._checked(value, endpoint))

    def _refusal(self, answer: client.Response, path: str, what: str) -> console.Failure:
        """Return what a status other than 200 means and what to do about it."""
        status, mine = answer.status, self.token.source if self.token else ""
        said, shape = f"{status}: {printable.one_line(_message(answer), 200)}", "is --api an API of GitHub's?"
        if status in (401, 403):
            do = f"look at the token of {mine}: may it read this?" if mine else token.advice(self.base)
            refused = f"does not accept the token of {mine}" if status == 401 and mine else f"does not show {what}"
            return console.usage(f"{self.host} {refused} ({said})", do)
        if status == 404 and "search" in _kind(path):
            failure = client.Unreachable(self.host, f"answered 404 to a {what}", 404)
            failure.do = shape
            return failure
        if status == 404:
            do = f"check the name; a private one needs a token that may read it{f' ({mine} may not)' if mine else ''}"
            do += "" if mine else f": {token.advice(self.base)}"
            return Missing(console.USAGE, f"{self.host} has no {what} (404)", do)
        if status == 422:
            words = f"{self.host} cannot process this question ({said})"
            return Unprocessable(console.USAGE, words, "check the name, or ask in plainer words")
        if status in (409, 410, 451):  # empty, gone, blocked: the service says which
            return console.answer_no(f"{self.host}: no {what} ({said})")
        return console.outside(f"{self.host} answered {what} with {said}", shape)


class Missing(console.Failure):
    """404: it is not there, or not for us."""


class Unprocessable(console.Failure):
    """422: a search of a repository that is gone, renamed or hidden, or of words that the service does not take."""


def open_api(said: str, most: int, *, fresh: bool) -> Api:
    """Return the API that the user means: --api, else $GITHUB_API_URL, else GitHub's own."""
    import os

    base = names.api_address(said or os.environ.get("GITHUB_API_URL", ""))
    return Api(base, token.find_token(base), client.Budget(most), fresh)


def _kind(path: str) -> str:
    """Return which of the service's limits a request counts against."""
    return {"/search/code": "code_search"}.get(path, "search" if path.startswith("/search/") else "core")


def _message(answer: client.Response) -> str:
    """Return what the service says is wrong: its `message` and those of its `errors`."""
    try:
        value = json_fields.mapping(answer.json())
    except console.Failure:
        return answer.text[:200]
    errors = [json_fields.text_at(error, "message") for error in json_fields.items(value.get("errors"))]
    return ": ".join(filter(None, [json_fields.text_at(value, "message"), *errors[:2]])) or answer.text[:200]
