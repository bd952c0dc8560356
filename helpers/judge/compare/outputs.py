"""The baseline as oracle: a winner must give the baseline's answers to inputs that are made from fresh seeds.

autoresearch.outputs.sh makes the inputs from AUTORESEARCH_SEED and writes the program's answers, any files, into the
folder AUTORESEARCH_OUT. So what the checks do not cover is held against the only truth there is.
"""

import os
import shlex
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from helpers import console, files, paths
from helpers.comparison import Comparison, Outputs
from helpers.judge.measure import answers, pairs
from helpers.judge.measure.answers import Tolerance
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import Side, SideError, of_session
from helpers.judge.policy import experiment
from helpers.run.copies.copies import Workdirs
from helpers.run.jobs import blame
from helpers.run.jobs.task import BUILD_CMD
from helpers.state import State

MAX_SEEDS = 400
LOCK_SEEDS = 5
FEW_SEEDS = 20
REASON = "outputs"
"""How the reason of a comparison begins that ended here."""


@dataclass(frozen=True)
class Healthy:
    """The locked program's answers to one seed."""

    seed: int
    folder: Path
    allowed: Tolerance

    def given_by(self, side: Side) -> bool:
        """Tell whether another build of it answers the same."""
        try:
            return not answers.difference(self.folder, side.answer(self.seed), self.allowed)
        except SideError:
            return False


def fresh_seeds(seed: str, most: int = MAX_SEEDS) -> list[int]:
    """Return a comparison's input seeds, smallest first."""
    return sorted(pairs.input_seed(f"{seed}/outputs", number) for number in range(most))


def search(base: Side, cand: Side, seeds: list[int], seconds: float) -> Outputs:
    """Compare answers seed by seed, one at the least, until one differs or the time is over.

    Raises CandidateError when the script fails on the candidate alone; SideError when it fails on the baseline, or when
    one of the baseline's further answers to the seed that differs is not its first: then it is no truth.
    """
    allowed = answers.declared((base.copy / paths.OUTPUTS).read_text(encoding="utf-8", errors="replace"))
    alike, until = 0, time.monotonic() + seconds
    for seed in seeds:
        if alike and time.monotonic() > until:
            break
        ours = base.answer(seed)
        try:
            theirs = cand.answer(seed)
        except SideError as error:
            cand.require_room()
            for _ in blame.often():
                base.answer(seed)
            raise pairs.CandidateError(str(error)) from None
        if differ := answers.difference(ours, theirs, allowed):
            first = ours.rename(ours.with_name("answers.first"))
            for _ in blame.often():
                if unsteady := answers.difference(first, base.answer(seed), allowed):
                    said = f"the baseline's answers to seed {seed} differ from themselves"
                    raise SideError(f"{paths.OUTPUTS}: {said}: {answers.in_a_line(unsteady)}")
            return Outputs(seeds=alike, seed=seed, differ=differ)
        alike += 1
    return Outputs(seeds=alike)


def result(so_far: Comparison, plan: Plan, base: Side, cand: Side, log: TextIO) -> Comparison:
    """Compare the answers of a winner with the baseline's. Raises SideError."""
    if not (base.copy / paths.OUTPUTS).exists():
        return so_far
    print(f"outputs: comparing the answers of both sides for {plan.outputs_seconds} s", file=log)
    try:
        found = search(base, cand, fresh_seeds(plan.seed), plan.outputs_seconds)
    except pairs.CandidateError as error:
        return so_far.ending("not_improved", f"{REASON} fail on the candidate alone: {error}")
    if found.seed is None:
        return replace(so_far, outputs=found)
    said = replace(so_far, outputs=replace(found, reproduce=f"{paths.STATE}/outputs/{plan.job}.sh"))
    return said.ending("not_improved", f"{REASON} differ on seed {found.seed}: {answers.in_a_line(found.differ)}")


def write_reproduction(root: Path, event: Comparison, task: dict[str, Any]) -> None:
    """Write the script that shows the difference of a journaled comparison again."""
    found = event.outputs
    if not found or not found.reproduce:
        return
    build = shlex.quote(task["envs"].get(BUILD_CMD) or "true")
    file = paths.state_folder(root) / "outputs" / f"{event.job}.sh"
    file.parent.mkdir(exist_ok=True)
    files.replace(
        file,
        f"""\
# Baseline and {event.experiment_id} answer seed {found.seed} differently: bash {paths.STATE}/outputs/{file.name}
cd {shlex.quote(str(root))} && here=$(mktemp -d) || exit 3
for side in baseline:{event.baseline_tree} candidate:{event.candidate_tree}; do
  copy=$here/${{side%%:*}} out=$here/answers-${{side%%:*}}
  mkdir "$copy" "$out"
  GIT_INDEX_FILE=$copy.index git read-tree "${{side#*:}}" &&
    GIT_INDEX_FILE=$copy.index git checkout-index --all --prefix="$copy/" || exit 3
  ( cd "$copy" && bash -c {build} &&
    AUTORESEARCH_SEED={found.seed} AUTORESEARCH_OUT=$out bash {paths.OUTPUTS} ) >"$copy.log" 2>&1 ||
    {{ echo "${{side%%:*}} fails:"; tail -n 5 "$copy.log"; }}
done
diff -ru "$here/answers-baseline" "$here/answers-candidate" | cut -c 1-160 | head -n 60
differs=${{PIPESTATUS[0]}}
echo "copies and whole answers: $here  # rm -r it when they are read"
exit "$differs"
""",
    )


def prove(work: Workdirs, now: State, one: Side) -> Healthy | None:
    """Return the locked program's answers to one seed, once they are seen to be an oracle; None without a script.

    `one` is a build of the baseline. Raises Failure (1) when the script fails, writes nothing, or differs between that
    and another build; (2) for a declaration that cannot be read.
    """
    if not (script := experiment.evaluator_script(work, now, paths.OUTPUTS)):
        console.note(f"note: no {paths.OUTPUTS}: what the checks do not cover is not compared with the baseline")
        return None
    again = "start_session.py --lock"
    try:
        allowed = answers.declared(script)
        with of_session(work, now, now.require_lock().tree, "outputs") as other:
            return _prove(work, now, one, other, allowed, again)
    except answers.UndeclaredError as error:
        raise console.usage(f"{paths.OUTPUTS}: {error}", again) from None


def _prove(work: Workdirs, now: State, one: Side, other: Side, allowed: Tolerance, again: str) -> Healthy:
    budget = now.config.outputs_seconds or Plan.outputs_seconds
    seeds = fresh_seeds(os.urandom(8).hex(), LOCK_SEEDS)
    console.note(f"running {paths.OUTPUTS} on two builds of the baseline: their answers must be the same")
    try:
        other.build(work.shadow)
        began = time.monotonic()
        found = search(one, other, seeds, budget)
        fit = int(budget * max(found.seeds, 1) / (time.monotonic() - began))
        last = one.answer(seeds[0])
        same = found.seeds > 1 and not answers.difference(last, other.answer(seeds[1]), allowed)
    except SideError as error:
        raise console.answer_no(
            f"the baseline: {error}", f"run it by hand in a copy, correct it, then\n{again}"
        ) from None
    if found.seed is not None:
        raise console.answer_no(
            f"{paths.OUTPUTS}: two builds of the baseline answer seed {found.seed} differently, so it is no oracle:\n"
            + "\n".join(found.differ),
            "take out what chance decides (hash seed, time, addresses, paths), or declare what may differ "
            f"(references/metrics.md), then\n{again}",
        )
    if not any(last.rglob("*")):
        raise console.answer_no(f"{paths.OUTPUTS} writes nothing into $AUTORESEARCH_OUT", again)
    if same:
        console.note(f"warning: {paths.OUTPUTS} answers two seeds alike: are its inputs made from AUTORESEARCH_SEED?")
    if fit < FEW_SEEDS:
        console.note(f"note: only {fit} seeds of {paths.OUTPUTS} fit into {budget:g} s (--outputs-seconds)")
    return Healthy(seeds[0], last, allowed)
