"""A comparison's verdict in words."""

from helpers.comparison import Comparison, figure, in_words
from helpers.judge.compare import figures, tiers
from helpers.judge.rule import hosts
from helpers.run.jobs import tests_run
from helpers.scale import is_time
from helpers.state import State


def verdict_text(now: State, event: Comparison, broken_off: int = 0) -> str:
    """Return the verdict as text: words, estimate with interval, n, seed, reason; `broken_off` ended without one."""
    unit, wanted = now.config.unit, 1 - sum(each.vote for each in now.alike(event)) + broken_off
    first = f"{event.experiment_id}: {event.verdict_words}"
    if event.pairs and event.interval:
        gain = figure(event.scale, event.gain or 0.0, event.interval, event.pairs)
        first += f"  gain {gain}  n={event.pairs} pairs, {event.wins} wins"
        margin = event.scale.size(event.margin)
        if event.may_be_equal:
            first += f" ({event.within} lose less than the {margin} margin, which decides)"
        else:
            first += f" ({event.clear_wins} clear of the {margin} margin)"
    lines = [first, *_less_time(event, unit), *_by_host(event), *tiers.lines(now, event), *_still(event)]
    if again := event.confirmed:
        lines.append(f"a second, fresh comparison: {in_words(again.verdict)} {again.words()}")
    if event.afresh:
        how = (
            "once more on new inputs, one call a process"
            if event.afresh.gain is not None
            else "on an input's first call"
        )
        lines.append(f"{how}: {event.afresh.verdict_words}")
    if held := event.holdout_words():
        lines.append(held)
    lines += [f"limit {limit.words()}" for limit in event.limit_results]
    if event.checks:
        counted = f" ({tests_run.Tests(**event.tests)})" if event.tests else ""
        lines.append(f"checks: {event.checks}{counted}")
    lines += [f"for a reader: {sign}" for sign in event.signs]
    if event.why_not:
        lines.append(f"reason: {event.why_not}")
    if event.is_left_open:
        minutes = event.measured_seconds / max(event.pairs, 1) * event.max_pairs / 60
        lines.append(f"another takes up to {minutes:.1f} min; {wanted} must then say improved before a keep")
    if found := event.outputs:
        lines.append(f"outputs: the same answers for {found.seeds} seeds" + (", then:" if found.differ else ""))
        lines += [*found.differ, *([f"to see it: bash {found.reproduce}"] if found.differ else [])]
    if several := figures.together(now.alike(event)):
        lines.append(f"all together, the figure of a keep: gain {several.words()}")
    if event.verdict == "undecided":
        needed = f"a decision would need about {event.needed} pairs; " if event.needed else ""
        lines.append(f"{needed}undecided counts against it: {wanted} must now say {event.wanted} before a keep")
    lines.append(f"order seed {event.seed}; against {event.baseline_commit[:7]}; metric {event.metric} {unit}".rstrip())
    return "\n".join(lines)


def _by_host(event: Comparison) -> list[str]:
    """Return what the hosts of a spread comparison say by themselves, and which pairs were drawn again."""
    told = [f"drawn again: {said}" for said in event.redrawn]
    samples = event.baseline_samples, event.candidate_samples
    if not event.hosts or len(event.hosts) != len(samples[0]):
        return told
    its = event.scale, event.margin
    return [*told, *hosts.host_lines(*samples, event.hosts, event.spread, *its, may_be_equal=event.may_be_equal)]


def _still(event: Comparison) -> list[str]:
    still = event.pairs > 1 and len(set(event.baseline_samples)) == len(set(event.candidate_samples)) == 1
    return [f"{event.metric} did not vary on either side: so few pairs prove it"] * still


def _less_time(event: Comparison, unit: str) -> list[str]:
    """Return the gain as the time that is saved, where the metric is a time."""
    gain = event.gain or 0.0
    if event.direction != "lower" or not event.scale.by_ratio or not is_time(event.metric, unit) or gain <= 0:
        return []
    return [f"that is {1 - 1 / (1 + gain):.1%} less time"]
