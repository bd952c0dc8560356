"""What a search of a forge or of a git log has found: shown, fenced, and remembered by its id for ideas.py."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from helpers import console, next_step, printable
from helpers.read import untrusted
from helpers.read.papers.query import Status
from helpers.read.web import cache
from helpers.read.web.response import RequestsSpent, SourceThrottled, Unreachable

T = TypeVar("T")
FENCED_CHARACTERS = 7_000
"""Characters of outside text that are shown at once unless all is wanted: the fence must close within console.LIMIT."""
KINDS = {"release": "commit", "code": "competitor"}
"""Kinds of findings whose kind of idea has another name."""


@dataclass(frozen=True)
class Finding:
    """One thing found; every text in it comes from outside and is clean. `id` is a source id (see sources.py)."""

    id: str
    kind: str
    title: str
    url: str
    state: str = ""
    date: str = ""
    facts: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    weight: float = field(default=0.0, compare=False)


@dataclass
class Outcome:
    """What a search came to. One that was throttled, or failed, is never one that found nothing."""

    findings: list[Finding] = field(default_factory=list)
    total: int = 0
    status: Status = "empty"
    notes: list[str] = field(default_factory=list)
    incomplete: bool = False
    retry_after: float | None = None
    hit: int = 0
    """How many were found before `cut` kept the best of them."""

    def tried(self, step: Callable[..., T], *args: Any, **more: Any) -> T | None:  # noqa: ANN401 - whatever the step takes
        """Run one step of the search; None, with the reason noted, when the service did not answer it."""
        try:
            return step(*args, **more)
        except (SourceThrottled, Unreachable, RequestsSpent) as failure:
            self.status = "throttled" if isinstance(failure, SourceThrottled) else "error"
            self.retry_after = failure.retry_after if isinstance(failure, SourceThrottled) else None
            self.incomplete = True
            self.say(f"{failure.message}; {failure.do}")
            return None

    @property
    def silent(self) -> bool:
        """Whether the service has not answered, so that asking more of the same is idle."""
        return self.status in ("throttled", "error")

    def say(self, note: str) -> None:
        """Note something once."""
        if note not in self.notes:
            self.notes.append(note)

    def cut(self, limit: int) -> Outcome:
        """Put the heaviest first, keep `limit` of them, each once, and say how the search came out."""
        once = {f.id: f for f in sorted(self.findings, key=lambda f: f.weight) if f.id}
        self.findings = sorted(once.values(), key=lambda f: -f.weight)
        self.hit = len(self.findings)
        self.findings = self.findings[:limit]
        if self.findings:
            self.status = "ok"
        elif self.status == "ok":
            self.status = "empty"
        return self


def made(id_: str, kind: str, title: str, url: str, **more: Any) -> Finding:  # noqa: ANN401 - the fields of Finding
    """Return a finding whose texts are cleaned."""
    for name in ("facts", "claims", "more"):
        more[name] = tuple(printable.line(str(text), 200) for text in more.get(name, ()) if text)
    state, date = (
        printable.line(str(more.pop("state", "")), 60),
        printable.line(str(more.pop("date", "") or ""), 40)[:10],
    )
    return Finding(id_, kind, printable.line(title, 200) or "(no title)", printable.line(url, 500), state, date, **more)


def remember(found: Sequence[Finding]) -> None:
    """Keep each finding under its id, so that ideas.py can title an idea with it and no network."""
    for finding in found:
        cache.save(_key(finding.id), asdict(finding), b"")


def recall(id_: str) -> Finding | None:
    """Return what is remembered under an id, None when nothing is."""
    entry = cache.load(_key(id_))
    if entry is None:
        return None
    try:
        head: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in entry.head.items() if k != "length"
        }
        return Finding(**head)
    except TypeError:
        return None


def _key(id_: str) -> str:
    return cache.key("finding", id_.strip().removeprefix("gh:").lower())


def text(what: str, outcome: Outcome, *, full: bool) -> str:
    """Return the compact text: what was asked and how it came out, then the findings in a fence."""
    shown = len(outcome.findings)
    head = f"{what} · {outcome.status}: {shown}" + (f" of {outcome.hit}" if outcome.hit > shown else "")
    head += f" (the service has {outcome.total:,})" if outcome.total > outcome.hit else ""
    rows = [head, *(f"note: {note}" for note in outcome.notes)]
    if not outcome.findings:
        last = (
            "NOT the same as no results: ask again later"
            if outcome.silent
            else "nothing found: try fewer or other words"
        )
        return "\n".join([*rows, last])
    body = fit([entry(f) for f in outcome.findings], FENCED_CHARACTERS if not full else 10**9)
    rows += [untrusted.WARNING, untrusted.fence(body, what)]
    return "\n".join(
        [*rows, next_step.runnable(f"to keep one: ideas.py add --from {shlex.quote(outcome.findings[0].id)}")]
    )


def entry(finding: Finding) -> str:
    """Return a finding's lines: id, state, date, title; its claims; its facts."""
    head = "  ".join(part for part in (finding.id, finding.state, finding.date[:7], finding.title) if part)
    rows = [head]
    rows += [f"    claims: {' | '.join(f'{c!r}' for c in finding.claims)}"] if finding.claims else []
    rows += [f"    {' · '.join(finding.facts)}"] if finding.facts else []
    return "\n".join([*rows, *(f"    - {row}" for row in finding.more)])


def fit(blocks: Sequence[str], room: int) -> str:
    """Join as many blocks as fit into `room` characters, and say how many more there are."""
    kept: list[str] = []
    used = 0
    for block in blocks:
        used += len(block) + 1
        if kept and used > room:
            return "\n".join([*kept, f"... {len(blocks) - len(kept)} more: ask with --full"])
        kept.append(block)
    return "\n".join(kept)


def document(what: str, outcome: Outcome, facts: dict[str, Any]) -> dict[str, Any]:
    """Return everything for --json."""
    return {
        "query": what,
        **facts,
        "status": outcome.status,
        "found": outcome.hit,
        "total": outcome.total,
        "incomplete": outcome.incomplete,
        "retry_after": outcome.retry_after,
        "notes": outcome.notes,
        "warning": untrusted.WARNING.replace("inside the fence", "of the findings"),
        "findings": [asdict(f) for f in outcome.findings],
    }


def exit_code(outcome: Outcome) -> int:
    """Return the exit code: 0 found, 1 the answer is nothing, 3 not known since the service did not answer."""
    if outcome.findings:
        return console.DONE
    return console.NO if outcome.status == "empty" else console.OUTSIDE
