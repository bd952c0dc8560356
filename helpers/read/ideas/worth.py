"""What came of ideas: which are decided, and how often each kind of source was worth it. All of it from the journal."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from helpers.events import Note, Run, Submitted
from helpers.typed_line import Event

_RESULTS = {"keep": "kept", "discard": "discarded", "checks_failed": "discarded"}
_IDEA = re.compile(r"\bidea-\d{1,6}\b")
_NAMES = {"own": "oneself", "pr": "pull requests", "profile": "the profile", "competitor": "competitors"}


@dataclass(frozen=True)
class Decision:
    """One experiment that was decided, and the ids of what it came from."""

    experiment: str
    result: str
    sources: tuple[str, ...]
    text: str = ""


def decisions(lines: Iterable[Event]) -> list[Decision]:
    """Return what was kept or discarded, in order; a crash decides nothing about an idea."""
    given: dict[str, list[str]] = {}
    found = []
    for line in lines:
        if isinstance(line, Submitted | Note) and line.experiment_id and line.source:  # a note: without a screen
            given[line.experiment_id] = line.source
        elif isinstance(line, Run) and line.experiment_id and line.status in _RESULTS:
            named = _IDEA.findall(line.description)
            sources = tuple(dict.fromkeys([*given.get(line.experiment_id, []), *line.cited, *named]))
            found.append(Decision(line.experiment_id, _RESULTS[line.status], sources, line.description.casefold()))
    return found


def told(decided: Iterable[Decision], kind: Callable[[str], str]) -> str:
    """Return in words how many ideas of each kind were kept, the best first; "" before anything was decided."""
    results = by_kind(decided, kind)
    order = sorted(results, key=lambda its: (-sum(results[its]) / len(results[its]), -len(results[its])))
    rows = [
        f"from {_NAMES.get(its, f'{its}s')}: {sum(results[its])} of {len(results[its])}{'' if place else ' kept'}"
        for place, its in enumerate(order)
    ]
    return f"ideas {'; '.join(rows)}" if rows else ""


def by_kind(decided: Iterable[Decision], kind: Callable[[str], str]) -> dict[str, list[bool]]:
    """Return of each kind which of its ideas were kept."""
    results: dict[str, list[bool]] = {}
    for decision in decided:
        results.setdefault(kind(next(iter(decision.sources), "own")), []).append(decision.result == "kept")
    return results
