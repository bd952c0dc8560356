"""The shape of a benchmark: the limits that its metrics ask for, and what an own one cannot show."""

import re
from pathlib import Path

from helpers import console, events, paths, scale
from helpers.events import Finished, Note
from helpers.judge.compare import afresh
from helpers.judge.compare.metric_limits import parse_limit
from helpers.state import State

START_UP = "startup_s"
"""The metric of the templates that time a call: all that happens outside of the calls."""
_ANSWER = re.compile(
    r"(?:crc|sha|md[45]|adler|fnv1?a?|xxh|murmur|blake|digest|checksum|cksum|hash|fingerprint)[\d_]*$", re.IGNORECASE
)
"""How the name of a digest of the answers ends."""


def agree_limits(root: Path, now: State, done: Finished) -> list[str]:
    """Add to the session, and return, the limits that nobody named and that the benchmark's own metrics ask for.

    A digest of the answers stays as it is; what a call does not count, the start-up, does not grow.
    """
    agreed = list(now.config.limits)
    named = {parse_limit(text).name for text in agreed} | {now.metric}
    digests = [name for name, value in done.metrics.items() if _ANSWER.search(name) and value == int(value)]
    asked = {START_UP: "+20%", **dict.fromkeys(digests, "same")}
    new = [f"{name}={by}" for name, by in asked.items() if name in done.metrics and name not in named]
    if new:
        console.note(f"limits agreed, as the benchmark prints them: {', '.join(new)} (others: --guard before the lock)")
        text = "limits that the benchmark's metrics ask for"
        events.append(root, Note(text=text, changed={"guards": [*agreed, *new]}))
    return new


def agree_scale(now: State, done: Finished) -> str:
    """Return, and say, how values are held against each other, and the margin; raises Failure (1) where that fails."""
    if now.tried:
        return now.scale.kind
    config, values = now.config, [done.metric or 0.0, *done.samples]
    low, begin = min(values), "start_session.py --scale difference --lock"
    if low <= 0 and not config.scale and scale.is_above_zero(now.metric, config.unit):
        raise console.answer_no(
            f"METRIC {now.metric} is {low:g}, not positive: what is a time, a size or a throughput was not measured",
            f"correct autoresearch.sh, or, if it can be:\n{begin}",
        )
    if low <= 0 and config.scale == scale.RATIO:
        raise console.answer_no(
            f"METRIC {now.metric} is {low:g}, and only what is above 0 has a ratio",
            f"{begin}  # or print a transformed value (exp(x), 1 + x)",
        )
    bound = 0.0 if now.direction == "lower" else 100.0 if max(values) > 1 else 1.0
    by, margin = now.judged(values)
    if not by.by_ratio and values[0] == bound and (not bound or scale.is_bounded(now.metric, config.unit)):
        console.note(f"note: {now.metric} is {bound:g} already, and {now.direction} is better: what is there to gain?")
    why = "" if config.scale else scale.proposed(values, now.metric, config.unit, now.direction)[1]
    share = "" if by.by_ratio or config.least_difference else f", {config.margin:.1%} of the first value"
    share = ", as there is no share of 0 (--margin N asks for another)" if share and not values[0] else share
    console.note(
        f"judged by {by.kind}{f' ({why})' if why else ''}: the margin is {by.size(margin)}{share}; "
        f"--scale {next(kind for kind in scale.KINDS if kind != by.kind)} would judge otherwise"
    )
    return by.kind


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
            "with its input): a winner has to show its gain in the time of the whole run, or a reader says why at each "
            f"keep; before the lock it is a line, or begin from references/templates/call_time.sh"
        )
    if not any(_ANSWER.search(name) for name in done.metrics):
        found.append("no checksum of the answers is printed: nothing says that they are whole")
    if found:
        console.note(f"note: {paths.BENCHMARK}: {'; '.join(found)} (references/metrics.md)")
    return found
