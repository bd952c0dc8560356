"""What a service answered: a Response, or a failure that says whether and when to come back.

A service that is throttling us is never mistaken for one that found nothing: that is SourceThrottled.
"""

import contextlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from helpers import console, printable, progress

_CHARSET = re.compile(
    r"charset\s*=\s*[\"']?\s*((?:utf-?8|us-ascii|iso-?8859|latin|windows|cp|s(?:hift_)?jis|euc|gb|big5|koi8)[\w-]*)",
    re.IGNORECASE,
)
_LATIN1 = re.compile(r"iso-?8859-?1|latin-?1|us-ascii", re.IGNORECASE)
"""What browsers read as windows-1252, whose quotation marks it lacks."""


@dataclass(frozen=True)
class Response:
    """An answer. Header names are in lower case; `stale`: from the cache because the service could not be asked."""

    status: int
    headers: dict[str, str]
    body: bytes
    url: str
    from_cache: bool = False
    stale: bool = False

    @property
    def text(self) -> str:
        """The body in the encoding that it names, else as UTF-8; what is not valid is replaced."""
        if self.body[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return self.body.decode("utf-16", "replace")
        first = self.body[:1024].decode("latin-1")
        said = _CHARSET.search(self.headers.get("content-type", "")) or _CHARSET.search(first)
        name = said[1] if said else "utf-8"
        try:
            text = self.body.decode("cp1252" if _LATIN1.fullmatch(name) else name, "replace")
            return text.removeprefix("\ufeff")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """Return the body as JSON; raises Failure (3), as for a bot page answered with 200."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            host = urlsplit(self.url).hostname
            raise console.outside(
                f"{host} answered {self.status} with something that is not JSON: {glimpse(self.body)!r}",
                "try again later; a page for robots looks like this",
            ) from None


class SourceThrottled(console.Failure):
    """The service asks us to wait `retry_after` seconds (None: it did not say how long)."""

    def __init__(self, host: str, status: int, retry_after: float | None, headers: dict[str, str], body: bytes) -> None:
        """`headers` and `body` as answered, for a caller who knows more of the service's limits."""
        wait = f"asks to wait {progress.span(retry_after)}" if retry_after is not None else "asks to slow down"
        until = time.strftime("%H:%M", time.localtime(time.time() + (retry_after or 60.0)))
        super().__init__(console.OUTSIDE, f"{host} is throttling ({status}): it {wait}", f"try again after {until}")
        self.host, self.status, self.retry_after, self.headers, self.body = host, status, retry_after, headers, body


class Unreachable(console.Failure):
    """The service did not give a whole answer: no connection, a time-out, a broken body, a server error."""

    def __init__(self, host: str, what: str, status: int = 0, *, offline: bool = False) -> None:
        """`what` happened; `status` when there was one.

        `offline`: there is no network, so that trying again is idle.
        """
        super().__init__(console.OUTSIDE, f"{host}: {what}", "check the network and try again")
        self.host, self.status, self.offline = host, status, offline


class RequestsSpent(console.Failure):
    """The number of requests that the caller allowed is used up."""

    def __init__(self) -> None:
        super().__init__(console.OUTSIDE, "the allowed number of requests is used up", "raise --max-requests")


@dataclass
class Budget:
    """How many more requests may be made; every one counts, retries and redirects too."""

    left: int
    used: int = 0

    def spend(self) -> None:
        """Take one, or raise Spent."""
        if self.left <= 0:
            raise RequestsSpent
        self.left, self.used = self.left - 1, self.used + 1


def judged(answer: Response, host: str) -> Response:
    """Return an answer that is one; raise SourceThrottled or Unreachable for what only says "not now"."""
    head, body = answer.headers, answer.body[:2_000].lower()
    limited = answer.status == 403 and (
        "retry-after" in head or head.get("x-ratelimit-remaining") == "0" or b"rate limit" in body
    )
    if answer.status in (429, 503) or limited:
        raise SourceThrottled(host, answer.status, _retry_after(head, 60.0 if limited else None), head, answer.body)
    if answer.status >= 500:
        raise Unreachable(host, f"answered {answer.status}: {glimpse(answer.body)!r}", answer.status)
    return answer


def _retry_after(headers: Mapping[str, str], otherwise: float | None) -> float | None:
    """Seconds to wait: Retry-After (seconds or a date, RFC 9110), else the reset time of an exhausted limit."""
    import email.utils  # a tenth of what a remembered search costs

    said = headers.get("retry-after", "").strip()
    if said.isdigit():
        return float(said)
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(0.0, int(reset) - time.time()) if int(reset) > 1_000_000_000 else float(reset)
    return otherwise


def glimpse(body: bytes) -> str:
    """Return the beginning of a body, for a message."""
    return printable.one_line(body[:400].decode("utf-8", "replace"), 120)
