"""The shape of a benchmark: the limits that its metrics ask for, and what an own one cannot show."""

from __future__ import annotations

from pathlib import Path

from helpers import console, events, paths
from helpers.events import Finished, Note
from helpers.judge.compare import afresh
from helpers.judge.compare.metric_limits import parse_limit
from helpers.state import State

START_UP = "startup_s"
"""The metric of the templates that time a call: all that happens outside of the calls."""
_LIMITS = {START_UP: "+20%", "output_crc": "same"}
_ANSWER = ("crc", "sha", "sha256", "md5", "digest", "checksum", "hash")


def agree_limits(root: Path, now: State, done: Finished) -> None:
    """Add to the session the limits without which a template that times a call could be outdone at its start."""
    agreed = list(now.config.limits)
    named = {parse_limit(text).name for text in agreed}
    new = [f"{name}={by}" for name, by in _LIMITS.items() if name in done.metrics and name not in named]
    if new and START_UP in done.metrics:
        console.note(f"limits agreed, as the benchmark prints them: {', '.join(new)} (others: --guard before the lock)")
        text = "limits that the benchmark's template asks for"
        events.append(root, Note(text=text, changed={"guards": [*agreed, *new]}))


def lacks(text: str, done: Finished) -> list[str]:
    """Return, and say, what a benchmark of another shape than the templates' does not show; `text`: the evaluator's."""
    found = []
    if "AUTORESEARCH_SEED" not in text:
        found.append(
            "no input is made from AUTORESEARCH_SEED: the same comes again and again, and may be known by heart"
        )
    if afresh.has_own_clock(text) and START_UP not in done.metrics:
        found.append("the clock runs in the process that is measured, and what that does at its start is not counted")
    if afresh.calls(text) == "whole":
        found.append(
            f"one process may work the same input twice, and it does not honour {afresh.FRESH}=1 (one call, no warm-up "
            "with its input): a winner has to show its gain in the time of the whole run, or a reader says why"
        )
    if not any(name.lower().endswith(_ANSWER) for name in done.metrics):
        found.append("no checksum of the answers is printed: nothing says that they were whole when the clock stopped")
    if found:
        console.note(f"note: {paths.BENCHMARK}: {'; '.join(found)} (references/metrics.md)")
    return found
