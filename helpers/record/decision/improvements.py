"""The words of a kept change: its commit message and its entry in IMPROVEMENTS.md."""

from __future__ import annotations

import re
import statistics

from helpers import git_objects, paths, printable
from helpers.journal import Event
from helpers.run.copies.copies import Experiment, Workdirs
from helpers.state import State

_FIELD = re.compile(r"(?i)\s*(measured|margin|source|experiment|cherry picked|[\w-]+-by)\b[^a-z]*:")
HEADER = b"""# Improvements

Each change was measured against the code just before it, in interleaved pairs on one host, with the checks passing.
Figures of single changes do not add up: compare the final branch with the first baseline to know the whole.
"""


def effect(now: State, compared: Event) -> str:
    """Return the measured effect in one line: medians, gain, interval, n and wins."""
    base, cand = (statistics.median(compared[key]) for key in ("baseline_samples", "candidate_samples"))
    low, high = compared["interval"]
    unit = now.config.get("metricUnit", "")
    words = f"{now.metric} {base:.5g}{unit} -> {cand:.5g}{unit}, gain {compared['gain']:+.2%} "
    words += f"[{low:+.2%}, {high:+.2%}], {compared['wins']} wins of {compared['pairs']} pairs"
    return words + (" (shown to lose less than the margin)" if compared.get("mode") == "not_worse" else "")


def message(now: State, sealed: Experiment, compared: Event, cited: list[str]) -> str:
    """Return the commit message: what, how much with its interval, on what evidence, from which source."""
    parts = [subject(sealed.description), "", f"Measured: {effect(now, compared)}"]
    parts.append(f"Margin: {compared['margin']:.2%}; checks {compared.get('checks')}; seed {compared.get('seed')}")
    parts += [f"Source: {reference}" for reference in cited]
    parts.append(f"Experiment: {sealed.name} ({sealed.ref})")
    return "\n".join(parts) + "\n"


def subject(title: str) -> str:
    """Return a commit's subject, which is no trailer to git; to whoever looks line by line it is no field of ours."""
    return f"Change: {title}" if _FIELD.match(title) else title


def page(
    work: Workdirs,
    now: State,
    sealed: Experiment,
    compared: Event,
    problem: str,
    solution: str,
    cited: list[str],
    reviewed: tuple[str, list[str]] = ("", []),
) -> bytes:
    """Return IMPROVEMENTS.md of the baseline with an entry for this change added.

    `reviewed`: the reviewer's words, and the places that only a reader can judge.
    """
    (held,) = git_objects.blobs(work.root, [f"{now.baseline['commit_full']}:{paths.IMPROVEMENTS}"])
    before = HEADER if held is None else held
    title = sealed.description
    stat = work.diff(sealed, "--shortstat").decode("utf-8", "replace").strip()
    lines = [
        f"## {len(now.kept) + 1}. {title}",
        f"- Problem: {printable.line(problem) or 'not recorded'}",
        f"- Solution: {printable.line(solution) or title} ({stat})",
        f"- Measured impact: {effect(now, compared)}; margin {compared['margin']:.2%}; checks {compared.get('checks')}",
        f"- References: {'; '.join(cited) or 'own idea'}",
        f"- Experiment: {sealed.name}, worker {compared.get('worker', 'local')}, order seed {compared.get('seed')}",
    ]
    if reviewed[1]:
        lines.append(f"- Look here: {printable.line('; '.join(reviewed[1]))}. Reviewed: {printable.line(reviewed[0])}")
    return before.rstrip(b"\n") + b"\n\n" + ("\n".join(lines) + "\n").encode()
