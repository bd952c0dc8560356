"""What a search of a forge or of a git log has found: shown, fenced, and remembered by its id for ideas.py."""

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from helpers import next_step, printable
from helpers.read import outcome, untrusted
from helpers.read.web import cache

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


Outcome = outcome.Outcome[Finding]


def cut(found: Outcome, limit: int) -> Outcome:
    """Put the heaviest first, keep `limit` of them, each once, and say how the search came out."""
    once = {f.id: f for f in sorted(found.found, key=lambda f: f.weight) if f.id}
    found.hit, found.found = len(once), sorted(once.values(), key=lambda f: -f.weight)[:limit]
    if found.found:
        found.status = "ok"
    elif found.status == "ok":
        found.status = "empty"
    return found


def made(id_: str, kind: str, title: str, url: str, **more: Any) -> Finding:  # noqa: ANN401 - the fields of Finding
    """Return a finding whose texts are cleaned."""
    for name in ("facts", "claims", "more"):
        more[name] = tuple(printable.one_line(str(text), 200) for text in more.get(name, ()) if text)
    state, date = (
        printable.one_line(str(more.pop("state", "")), 60),
        printable.one_line(str(more.pop("date", "") or ""), 40)[:10],
    )
    return Finding(
        id_, kind, printable.one_line(title, 200) or "(no title)", printable.one_line(url, 500), state, date, **more
    )


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


def findings_text(what: str, its: Outcome, *, full: bool) -> str:
    """Return the compact text: what was asked and how it came out, then the findings in a fence."""
    shown = len(its.found)
    head = f"{what} · {its.status}: {shown}" + (f" of {its.hit}" if its.hit > shown else "")
    head += f" (the service has {its.total:,})" if its.total > its.hit else ""
    rows = [head, *(f"note: {note}" for note in its.notes)]
    if not its.found:
        return "\n".join([*rows, outcome.nothing([its])])
    body = fit([entry(f) for f in its.found], FENCED_CHARACTERS if not full else 10**9)
    rows += [untrusted.WARNING, untrusted.fence(body, what)]
    return "\n".join([*rows, next_step.runnable(f"to keep one: ideas.py add --from {shlex.quote(its.found[0].id)}")])


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


def document(what: str, its: Outcome, facts: dict[str, Any]) -> dict[str, Any]:
    """Return everything for --json."""
    return {
        "query": what,
        **facts,
        "status": its.status,
        "found": its.hit,
        "total": its.total,
        "incomplete": its.incomplete,
        "retry_after": its.retry_after,
        "notes": its.notes,
        "warning": untrusted.WARNING.replace("inside the fence", "of the findings"),
        "findings": [asdict(f) for f in its.found],
    }
