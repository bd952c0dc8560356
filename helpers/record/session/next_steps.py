"""What to do next, decided in one place: each state of a session or an experiment with the command that leads on."""

import itertools
import shlex
from collections.abc import Iterator

from helpers import console, git, next_step, printable, replay, session_branch
from helpers.comparison import in_words
from helpers.events import Comparison, Note
from helpers.judge.compare import local as local_comparison
from helpers.judge.policy import experiment
from helpers.read.ideas import queue
from helpers.record import protected
from helpers.record.decision import evidence, keep
from helpers.record.session.step_table import EXPERIMENT, MERGED, Step
from helpers.run.copies.copies import Workdirs
from helpers.run.jobs import blame, budget, result, screening, workers
from helpers.run.local import executor
from helpers.state import State

MOST_YESES_LACKING, MOST_TIMES = 2, 4
"""The yeses that an undecided change may lack to be compared again, and the times 48 pairs that it may need."""
FRUITLESS = 15
"""This many decisions in a row without a keep, and no idea left, are a plateau."""


def steps(repository: git.Repository, now: State | None) -> list[Step]:
    """Return what to do next, the first of them first; never none."""
    if now is None:
        return [Step("none", {})]
    if over := budget.closed(now):
        back = git.branch(repository.root) == now.branch and session_branch.came_from(repository.root, now)
        end = Step("closed", {"why": over[:100]}) if now.has_baseline else Step("none", {})
        return [Step("left", {"why": back}), end] if back else [end]
    if not now.has_baseline:
        last = now.notes[-1] if now.notes else Note()
        words = {"instead": last.instead.partition("  #")[0], "why": last.text[:200]}
        return [Step("lock failed" if last.instead else "unlocked", words)]
    work = Workdirs(repository)
    found = [*_in_the_way(repository, now), *_under_way(work, now)]
    if not found or found[0].state in ("ended", "running", "environment", "workers lost", "stranded"):
        followed = {step.words["name"] for step in found if step.state == "comparing"}
        waiting = [_of_experiment(work, now, name) for name in _waiting(work, now) if name not in followed]
        gains = {name: done.gain or 0.0 for name, done in now.results.items()}  # the larger first: time may run out
        ranked = sorted(waiting, key=lambda s: (list(EXPERIMENT).index(s.state), -gains.get(s.words["name"], 0.0)))
        found += [_applies(work, now, step) for step in ranked[:3]]
    aside = [step for step in found if step.state == "cancelled"]  # by somebody's wish: all else comes first
    return ([step for step in found if step not in aside] or list(_free(work, now))) + aside


def lines(repository: git.Repository, now: State | None) -> list[str]:
    """Return the same as they are printed: one is next, the others wait."""
    return [f"{'also' if place else 'next'}: {step.command}" for place, step in enumerate(steps(repository, now))]


def told(repository: git.Repository, name: str = "") -> str:
    """Return what follows for this experiment where something does, else for the session, as a script ends with it."""
    try:
        found = steps(repository, replay.load(repository.root))
    except (console.Failure, OSError):  # the script's own work is done all the same
        return "next: " + next_step.runnable("status.py")
    mine = [step for step in found if step.words.get("name") == name]
    return f"next: {(mine or found)[0].command}"


def _in_the_way(repository: git.Repository, now: State) -> Iterator[Step]:
    """What would refuse every keep."""
    root, found = repository.root, session_branch.moved(repository.root, now)
    if found:
        yield Step("moved", {"way": found.ways[0].partition("  #")[0], "what": found.what})
        return
    if git.branch(root) != now.branch:
        yield Step("elsewhere", {"branch": now.branch})
        return
    if changed := protected.changed(root, now):
        tree = now.require_lock().tree
        back = [f"git show {tree}:{name} > {name}" for name in changed]
        again = "" if now.tried else "; or, as nothing was tried yet, lock what is there: start_session.py --lock"
        yield Step("protected", {"back": " && ".join(back), "again": again})


def _under_way(work: Workdirs, now: State) -> Iterator[Step]:
    """What runs, or has ended and was not collected."""
    jobs = now.open_jobs()
    states = executor.poll(work.root, [job.name for job in jobs if job.is_local])
    if any(state in ("done", "lost") for state in states.values()):
        yield Step("ended", {})
    elif jobs:
        gone = [workers.lacking(now, job) for job in jobs if job.on_fleet]
        if len(gone) < len(jobs) or not all(gone):
            yield Step("running", {})
        elif over := budget.spent(now):
            yield Step("stranded", {"name": jobs[0].experiment, "why": over})
        else:
            yield Step("workers lost", {"way": workers.way_back(now, gone[0])})
    elif fault := blame.standing(now):
        yield Step("environment", {"name": fault.experiments[-1]})
    lost = local_comparison.under_way(work.root, "lost")
    for name, job in {**lost, **local_comparison.under_way(work.root)}.items():
        its = local_comparison.planned(work.root, job)
        whole, died = its.against and its.candidate_tree == now.baseline.tree, lost.get(name) == job
        if not died or (whole and name not in now.compared):
            yield Step("ending" if whole else "comparing", {"name": name})


def _waiting(work: Workdirs, now: State) -> list[str]:
    """Return the experiments that wait for a decision, those that were only sealed among them."""
    whole = {c.experiment_id for c in now.comparisons if c.against} - set(now.undecided())
    open_now = {job.experiment for job in now.open_jobs() if not screening.answered(now, job.experiment, job.tree)}
    known = now.undecided()
    for name in work.refs.titled():
        if name not in known and name not in now.earlier and not now.decision(name):
            exp = work.experiment(name)
            if exp.tree != exp.start.tree:
                known.append(name)
    return [name for name in known if name not in open_now | whole]


def _of_experiment(work: Workdirs, now: State, name: str) -> Step:
    compared, done = now.comparison(name), now.result(name)
    words = {"name": name, "look": result.look(done) if done else ""}
    try:
        exp = work.experiment(name)
    except console.Failure:  # somebody removed its copy and its refs
        return Step("gone", words)
    if not exp.is_sealed:  # a copy made anew under its name
        return Step("gone", words)
    if compared and (not done or compared.timestamp >= done.timestamp or screening.answered(now, name, done.tree)):
        return _of_compared(work, now, compared, {**words, "look": local_comparison.look(work.root, compared)})
    if (over := budget.spent(now, here=True)) and name not in budget.measured(now):
        return Step("too late", {**words, "why": over})
    if done is None:
        lost = local_comparison.under_way(work.root, "lost").get(name)
        if job := lost or local_comparison.under_way(work.root, "done").get(name):
            its = local_comparison.planned(work.root, job)
            votes = local_comparison.votes(work.root, now, its)
            cost = f"which counts as a no, as pairs were shown: {1 - votes} must now say {its.wanted}"
            why = cost if votes < 0 else "which cost nothing"
            state, said = ("broken off", "its comparison was ended from outside, ") if lost else ("cancelled", "")
            return Step(state, {**words, "again": f"compare.py {name}{its.question}", "why": said + why})
        why = next(iter(experiment.refusal(now, name, exp.tree)), "")[:150]
        return Step("refused" if why else "never run", {**words, "why": why})
    if done.error == "cancelled":
        return Step("cancelled", {**words, "again": f"submit_experiment.py {name}", "why": "which cost nothing"})
    if result.says_nothing(done):
        return Step("nothing learned", {**words, "why": (done.error or done.status)[:120]})
    if done.job in blame.excused(now):
        return Step("nothing learned", {**words, "why": "the environment was at fault"})
    if done.status != "done":
        return Step("checks failed" if done.status == "checks_failed" else "crashed", words)
    state, why = screening.standing(now, done)
    return Step(state, {**words, "why": why})


def _applies(work: Workdirs, now: State, step: Step) -> Step:
    """Return the step, or the way out where its change no longer applies to a baseline that has moved on."""
    if step.state not in MERGED or not work.shadow.folder.exists():
        return step
    exp = work.experiment(step.words["name"])
    if exp.origin.tree == now.baseline.tree:
        return step
    _, conflicts = work.shadow.merge(exp.origin.tree, now.baseline.tree, exp.tree)
    words = {**step.words, "why": ", ".join(conflicts[:5]), "new": work.next_name()}
    return Step("conflicts", words) if conflicts else step


def _of_compared(work: Workdirs, now: State, compared: Comparison, words: dict[str, str]) -> Step:
    verdict, reason = compared.verdict, compared.reason or ""
    words = {**words, "again": f"compare.py {words['name']}{compared.question}"}
    if compared.is_good:
        try:
            evidence.require_standing(work.root, now, work.experiment(words["name"]))
        except console.Failure as doubt:
            return Step("doubted", {**words, "do": doubt.do.partition("  #")[0], "why": doubt.message[:200]})
        try:
            asked, _ = keep.questions(work, work.experiment(words["name"]), now, compared)
        except console.Failure as refusal:
            return Step("refused", {**words, "why": refusal.message.splitlines()[-1].strip()[:150]})
        reviewed = ' --reviewed "..."' if asked else ""
        return Step("improved", {**words, "reviewed": reviewed})
    if compared.needs and now.baseline.tree == compared.baseline_tree:
        files = shlex.join(next_step.path(work.root, file) for file in compared.needs[:8])
        return Step("uncommitted", {**words, "files": files, "adopt": session_branch.ADOPT.partition("  #")[0]})
    if verdict == "error" or compared.needs:
        return Step("broken off", {**words, "why": reason[:400]})
    if verdict != "undecided":
        state = "checks failed" if reason.startswith("checks: ") else "no gain"
        more = "; or, once the host is quieter: {again}".format(**words) if compared.is_left_open else ""
        return Step(state, {**words, "why": compared.why_not + more})
    return _of_undecided(work, now, compared, words)


def _of_undecided(work: Workdirs, now: State, compared: Comparison, words: dict[str, str]) -> Step:
    """Again where that is likely to tell, else no gain; what an undecided counts is said."""
    part, most = compared.confirmation or compared, compared.max_pairs
    needed, pairs, again = part.needed, part.pairs or 1, 1 - local_comparison.votes(work.root, now, compared)
    why = "" if part is compared else "not confirmed: a second, fresh comparison was "
    why += f"{in_words(part.verdict)} after {pairs} pairs" + (f", about {needed} would tell" if needed else "")
    why += f"; undecided counts against it: {again} must now say {compared.wanted}"
    more, most = (" --max-pairs 144", 144) if needed and most < needed <= MOST_TIMES * 48 and most < 144 else ("", most)
    if again > MOST_YESES_LACKING or not needed or needed > MOST_TIMES * 48:
        cause = compared.not_shown if part is compared else "a second, fresh comparison did not confirm it"
        more = "" if again > MOST_YESES_LACKING else f"; or compare it again: {words['again']}"
        return Step("undecidable", {**words, "cause": cause, "why": why + more})
    minutes = part.measured_seconds / pairs * most / 60
    why += f"; {most} pairs take {minutes:.1f} min. A quieter host tells sooner; or discard it: {compared.not_shown}"
    return Step("undecided", {**words, "pairs": more, "why": why})


def _free(work: Workdirs, now: State) -> Iterator[Step]:
    """Nothing waits: the end, another look for ideas, or the next experiment."""
    if workers.up(now) and (why := budget.spent(now)):
        yield Step("costs on", {"why": why})
    if why := budget.spent(now, here=True):
        yield Step("whole", {"why": why})
        yield Step("spent", {"way": budget.way_up(now)})
        return
    decided = [run for run in now.runs if run.experiment_id and run.is_measured]
    begun, ideas = _begun(work, now), queue.waiting(work.root)
    for name, idea in itertools.zip_longest(begun[:2], ideas[: len(begun[:2])]):
        said = f"--desc {shlex.quote(idea.text)} --source {idea.name}" if idea and idea.number else '--desc "..."'
        yield Step("begun", {"name": name, "copy": str(work.path(name)), "said": said})
    if not ideas:
        last = decided[-FRUITLESS:]
        price = f"{now.margin * (100 if now.scale.by_ratio else 1):g}"
        if len(last) == FRUITLESS and not any(run.status == "keep" for run in last):
            yield Step("plateau", {"count": str(FRUITLESS), "margin": price, "worth": now.scale.size(now.margin)})
            yield Step("whole", {"why": "if it is not"})
        yield Step("no ideas", {})
    following = [f"{idea.name}: {printable.one_line(idea.text, 80)}" for idea in ideas[len(begun) :]]
    yield Step("free", {"name": work.next_name(), "idea": next(iter(following), "what you think of next")})


def _begun(work: Workdirs, now: State) -> list[str]:
    """Return the copies that wait for their change, oldest first."""
    names = [name for name in work.names() if name not in now.earlier and not now.decision(name)]
    found = [exp for exp in map(work.experiment, names) if exp.has_copy]
    return [exp.name for exp in found if not exp.is_sealed or exp.tree == exp.start.tree]
