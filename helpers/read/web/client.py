"""The one way out to the network: polite, bounded, cached, and careful about where it goes.

A service that is throttling us is never mistaken for one that found nothing:
it raises SourceThrottled. A 4xx other than that is an answer (Response); what cannot be had raises Failure (3).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin

from helpers import console, progress, venv
from helpers.read.web import cache, destinations
from helpers.read.web.response import Budget, RequestsSpent, Response, SourceThrottled, Unreachable, judged

__all__ = ["Budget", "RequestsSpent", "Response", "SourceThrottled", "Unreachable", "get"]

LONGEST_RETRY_AFTER = 10.0
"""Seconds a Retry-After may ask for before we rather fail at once and say so."""
ATTEMPTS = 3
HOPS = 5
_SECRET = {"authorization", "cookie", "x-api-key", "private-token", "proxy-authorization"}
_REDIRECT = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class _Ask:
    """One request as it goes out, secrets apart."""

    url: str
    headers: dict[str, str]
    secrets: dict[str, str]
    secret_params: Mapping[str, str]
    trusted: Sequence[str]
    max_bytes: int
    timeout: float
    budget: Budget
    service: str
    pace: float


def get(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    token: str | None = None,
    secret_params: Mapping[str, str] | None = None,
    trusted: Sequence[str] = (),
    ttl: float | None = None,
    fresh: bool = False,
    pace: float = 0.0,
    limit: str = "",
    max_bytes: int = 20_000_000,
    timeout: float = 30.0,
    patience: float = LONGEST_RETRY_AFTER,
    budget: Budget | None = None,
) -> Response:
    """Fetch `url`, following redirects that may be followed.

    `token` goes into Authorization; it, the other secret headers and `secret_params` reach the first host only and
    are never stored. `trusted`: the service addresses that the user has set (see address.reach).
    `ttl`: seconds for which a remembered answer is good, 0 to ask with its ETag each time, None to keep none;
    `fresh` asks even so. `pace`: seconds between two requests to this host from this machine; `limit` names a rate
    limit when a host has several. `timeout`: seconds for one try as a whole; none is begun later than
    that plus `patience`, the most that we wait for a service that asks us to.
    """
    plain, secrets = _split(headers or {}, token)
    full = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}" if params else url
    known = bool(secrets or secret_params)
    name = cache.key(full, plain.get("accept", ""), known)
    entry = cache.load(name) if ttl is not None else None
    if entry and ttl and not fresh and entry.age < ttl:
        return _from(entry, full)
    if entry and entry.head["headers"].get("etag"):
        plain["if-none-match"] = entry.head["headers"]["etag"]
    _, host, port = destinations.origin(full)
    host += f":{port}" if port != 443 else ""
    service = "-".join(part for part in (host, limit, "key" if known else "") if part)
    budget = budget or Budget(1_000)
    ask = _Ask(full, plain, secrets, secret_params or {}, trusted, max_bytes, timeout, budget, service, pace)
    try:
        with progress.beating(f"waiting for {host}"):
            answer = _persist(ask, patience)
    except (SourceThrottled, Unreachable) as failure:
        if entry is None:
            raise
        console.note(f"warning: {failure.message}; using the answer of {progress.span(entry.age)} ago")
        return _from(entry, full, stale=True)
    if answer.status == 304 and entry:
        cache.confirm(name)
        return _from(entry, full, headers=answer.headers)
    if answer.status == 200 and ttl is not None:
        kept = {k: v for k, v in answer.headers.items() if k not in {*_SECRET, "set-cookie"}}
        cache.save(name, {"status": 200, "headers": kept}, answer.body)
    return answer


def _persist(ask: _Ask, patience: float) -> Response:
    """Try up to ATTEMPTS times: with back-off, or after the time that the service asks for when that is short."""
    closed = cache.closed_until(ask.service) - time.time()
    if closed > patience:  # it has said so before: asking again would only be rude
        raise SourceThrottled(destinations.origin(ask.url)[1], 429, closed, {}, b"")
    venv.require("httpx", "stamina")  # only here: what is remembered needs no package, and no second interpreter
    import stamina

    left, unsaid = patience, 1.0  # who is busy and does not say for how long gets 1 s, then 2 s

    def again(error: Exception) -> bool | float:
        nonlocal left, unsaid
        if isinstance(error, SourceThrottled):
            wait = unsaid if error.retry_after is None else error.retry_after
            left, unsaid = left - wait, unsaid * 2
            return max(wait, 0.01) if left >= 0 else False
        return isinstance(error, Unreachable) and not error.offline

    stamina.instrumentation.set_on_retry_hooks([])
    try:
        for attempt in stamina.retry_context(
            on=again, attempts=ATTEMPTS, timeout=ask.timeout + patience, wait_initial=0.3, wait_max=4, wait_jitter=0.3
        ):
            with attempt:
                return _follow(ask)
    except SourceThrottled as throttled:
        if throttled.retry_after and throttled.host == destinations.origin(ask.url)[1]:
            cache.close_until(ask.service, time.time() + min(throttled.retry_after, 86_400))
        raise
    raise AssertionError  # unreachable: the last attempt returns or raises


def _follow(ask: _Ask) -> Response:
    """One try: the request and the redirects it leads to, each checked before it is followed."""
    from helpers.read.web import request  # what is remembered needs nothing of it

    first, url = destinations.origin(ask.url), ask.url
    for hop in range(HOPS + 1):
        here = destinations.origin(url)
        allowed = destinations.reach(url, ask.trusted)
        own = here == first
        sent = {**ask.headers, **(ask.secrets if own else {})}
        if hop:
            sent.pop("if-none-match", None)
        target = url
        if not hop and ask.secret_params:
            target += ("&" if "?" in url else "?") + urlencode(ask.secret_params)
        ask.budget.spend()
        with cache.turn(ask.service if own else here[1], ask.pace if own else 0.0):
            answer = request.send(target, url, sent, allowed, timeout=ask.timeout, max_bytes=ask.max_bytes)
        if answer.status not in _REDIRECT or "location" not in answer.headers:
            return judged(answer, here[1])
        url = urljoin(url, answer.headers["location"])
    raise console.outside(f"{first[1]}: more than {HOPS} redirects", "open the address in a browser to see why")


def _split(headers: Mapping[str, str], token: str | None) -> tuple[dict[str, str], dict[str, str]]:
    lower = {k.lower(): v for k, v in headers.items()}
    secrets = {k: lower.pop(k) for k in list(lower) if k in _SECRET}
    if token:
        secrets["authorization"] = f"Bearer {token}"
    return lower, secrets


def _from(entry: cache.Entry, url: str, *, stale: bool = False, headers: Mapping[str, str] | None = None) -> Response:
    """Return a remembered answer; `headers` of a 304 (rate limits) are newer than its own."""
    newer = {k: v for k, v in (headers or {}).items() if k.startswith("x-ratelimit")}
    return Response(
        entry.head["status"], {**entry.head["headers"], **newer}, entry.body, url, from_cache=True, stale=stale
    )
