"""Advice computed from the journal: whether going on pays, which experiment and which kind of source to build on.

The stopping estimate is an exponentially weighted mean of verified gains; references/judging.md says how it was chosen.
The bandit over sources and the novelty check follow ShinkaEvolve's formulas. All of it is advice: nothing here decides
what is kept.
"""

import math
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers import console, git, next_step, paths
from helpers.judge.compare import figures, local
from helpers.run.copies.refs import Refs
from helpers.state import State

HALF_LIFE, FEWEST = 20, 15
"""Experiments after which a result counts half, and decided experiments before anything is predicted."""
SAME = 0.99
"""From this cosine of their changed words on, two diffs are the same idea."""
DECAY = 0.95


@dataclass(frozen=True)
class Outlook:
    """Expected verified log gain of the next experiment with an interval of about 90%, from `count` decided ones."""

    gain: float
    interval: tuple[float, float]
    count: int
    per_hour: float | None
    per_dollar: float | None
    hours: float | None = None
    """Hours from one decision to the next, of the last ones."""


@dataclass(frozen=True)
class Parent:
    """An experiment to build on: its log gain over the first baseline and how many started from it."""

    name: str
    score: float
    children: int


@dataclass(frozen=True)
class Arm:
    """A kind of source: decided experiments that came from it, their mean verified log gain, the bandit's index."""

    kind: str
    tried: int
    gain: float
    index: float


def verified(now: State) -> list[tuple[str, float]]:
    """Return (experiment, log gain) of what was measured and decided, oldest first; 0 for what was not kept."""
    by = now.scale
    return [
        (run.experiment_id, by.added((run.gain or 0.0) if run.status == "keep" else 0.0))
        for run in now.runs
        if run.experiment_id and run.is_measured
    ]


def expected(gains: Sequence[float], typical: float, half_life: float = HALF_LIFE) -> tuple[float, float, float] | None:
    """Return the weighted mean of the gains and an interval of about 90%; None with fewer than 15 of them.

    The newest gain has weight 1, one `half_life` experiments older weight 1/2. A run of zeros does not prove that there
    is nothing left, so the interval is computed as if one more experiment had gained nothing and one `typical`.
    """
    if len(gains) < FEWEST:
        return None
    weights = [0.5 ** (age / half_life) for age in range(len(gains) - 1, -1, -1)]
    mean = math.fsum(w * g for w, g in zip(weights, gains, strict=True)) / math.fsum(weights)
    weights, values = [*weights, 1.0, 1.0], [*gains, 0.0, typical]
    total = math.fsum(weights)
    middle = math.fsum(w * g for w, g in zip(weights, values, strict=True)) / total
    spread = math.fsum(w * (g - middle) ** 2 for w, g in zip(weights, values, strict=True)) / total
    half = 1.645 * math.sqrt(spread * math.fsum(w * w for w in weights)) / total
    return mean, min(mean, max(0.0, middle - half)), max(mean, middle + half)


def outlook(now: State) -> Outlook | None:
    """Predict the next experiment's verified gain, per experiment, hour and dollar; None when it is too early."""
    gains = [gain for _, gain in verified(now)]
    kept = [gain for gain in gains if gain > 0]
    found = expected(gains, statistics.fmean(kept) if kept else now.scale.bound(now.margin))
    if found is None:
        return None
    recent = [run for run in now.runs if run.experiment_id][-HALF_LIFE:]
    hours = (recent[-1].timestamp - recent[0].timestamp) / 3_600_000 / (len(recent) - 1)
    dollars = statistics.fmean(run.cost_usd or 0 for run in recent)
    mean, low, high = found
    per_hour, per_dollar = (mean / cost if cost > 0 else None for cost in (hours, dollars))
    return Outlook(mean, (low, high), len(gains), per_hour, per_dollar, hours if hours > 0 else None)


def parents(root: Path, now: State, root_commits: dict[str, tuple[str, str]]) -> list[Parent]:
    """Return what to build on, the best first: the tip, and what stands as shown to be better than it.

    What was refused, turned down, only screened, or compared with an older baseline is none: nothing is known of it
    that would hold on top of the tip. `root_commits`: an experiment's commit and the one it started from (`commits`).
    """
    by = now.scale
    tip = math.fsum(by.added(run.gain or 0.0) for run in now.kept)
    scores = {now.kept[-1].experiment_id if now.kept else "baseline": tip}
    for name, compared in now.compared.items() if now.lock else ():
        of_tip = compared.baseline_commit == now.baseline.commit_full
        stands = compared.verdict == "improved" and local.votes(root, now, compared) > 0
        if of_tip and stands and not now.decision(name):
            scores[name] = tip + by.added((figures.together(now.alike(compared)) or compared).gain or 0.0)
    names = {own: name for name, (own, _) in root_commits.items()}
    names |= {run.commit_full: run.experiment_id for run in now.kept}
    children = Counter(names.get(start, "baseline") for _, start in root_commits.values())
    rows = [Parent(name, score, children[name]) for name, score in scores.items()]
    return sorted(rows, key=lambda row: (-row.score, row.name))


def sources(now: State, kind_of: Callable[[str], str]) -> list[Arm]:
    """Return the kinds of source, the next to draw from first: mean reward + sqrt(2 ln t / n), older results decayed.

    Rewards are verified gains as a share of the largest so far, so that gains of a few percent can outweigh curiosity.
    """
    kinds = {name: kind_of(given[0]) for name, given in now.sources.items()}
    results = verified(now)
    most = max((gain for _, gain in results), default=0.0) or 1.0
    rows = [
        (kinds.get(name, "own"), DECAY**age, DECAY**age * max(gain, 0.0))
        for age, (name, gain) in enumerate(reversed(results))
    ]
    total, arms = max(math.fsum(weight for _, weight, _ in rows), 1.0), list[Arm]()
    for kind in dict.fromkeys(kind for kind, _, _ in rows):
        weights, rewards = zip(*(row[1:] for row in rows if row[0] == kind), strict=True)
        weight, mean = math.fsum(weights), math.fsum(rewards) / math.fsum(weights)
        arms.append(Arm(kind, len(weights), mean, mean / most + math.sqrt(2 * math.log(total) / weight)))
    return sorted(arms, key=lambda arm: (-arm.index, arm.kind))


def commits(root: git.Repository) -> dict[str, tuple[str, str]]:
    """Return each sealed experiment's commit and the commit that it started from."""
    return {name: (row[0], row[1]) for name, row in Refs(root).all().items() if len(row) >= 2}


def similar(repository: git.Repository, name: str) -> list[tuple[str, float]]:
    """Return the other experiments by how alike their diffs are to that of `name`, the most alike first.

    Raises Failure (2) when `name` is not sealed.
    """
    known = commits(repository)
    if name not in known:
        raise console.usage(
            f"{name} is not a sealed experiment{next_step.did_you_mean(name, known)}",
            f'snapshot_workdir.py seal {name} --desc "..."',
        )
    special = {other: row[0] for other, row in Refs(repository).all(paths.START_REF).items()}
    # a commit and what to take for its parent: an experiment may have started from uncommitted or untracked files too
    asked = "".join(f"{own} {special.get(other, parent)}\n" for other, (own, parent) in known.items())
    command = "diff-tree --stdin -r -p -U0 --no-renames --no-ext-diff --no-textconv --format=%x00%H"
    raw = git.run(repository.root, command.split(), stdin=asked.encode()).stdout
    by_commit = {part[:40]: changed_words(part.splitlines()) for part in raw.decode("utf-8", "replace").split("\0")[1:]}
    bags = {other: by_commit.get(own[:40], Counter()) for other, (own, _) in known.items()}
    rows = [(other, cosine(bags[name], bag)) for other, bag in bags.items() if other != name]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def changed_words(diff: Iterable[str]) -> Counter[str]:
    """Count the words of the added and removed lines of a diff, with their sign."""
    found: Counter[str] = Counter()
    for line in diff:
        if line[:1] in ("+", "-") and not line.startswith(("+++ ", "--- ")):
            found.update(line[0] + word for word in re.findall(r"\w+|[^\w\s]", line[1:]))
    return found


def cosine(one: Counter[str], two: Counter[str]) -> float:
    """Return the cosine of two word counts; 0 when one is empty."""
    size = math.sqrt(sum(n * n for n in one.values()) * sum(n * n for n in two.values()))
    return sum(count * two[word] for word, count in one.items()) / size if size else 0.0
