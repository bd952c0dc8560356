"""The decision to keep: refused unless everything that must stand stands."""

import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path

from helpers import console, git, journal, progress, session_branch
from helpers.events import Comparison, Run
from helpers.judge.policy import experiment
from helpers.read.ideas import queue, sources
from helpers.record import alone, protected
from helpers.record.decision import commit, evidence, run_line
from helpers.record.decision.commit import Intent
from helpers.record.report import faces, marks, projection
from helpers.record.report import words as report_words
from helpers.run.copies.copies import Experiment, Workdirs
from helpers.run.jobs import budget
from helpers.state import State


@dataclass(frozen=True)
class Explanation:
    """What a person will read of a kept change."""

    problem: str = ""
    solution: str = ""
    sources: list[str] = field(default_factory=list)
    reviewed: str = ""

    @property
    def again(self) -> str:
        """The options that gave them, for a command that needs one more."""
        rows = [("problem", self.problem), ("solution", self.solution), *(("source", each) for each in self.sources)]
        return "".join(f"--{name} {shlex.quote(text)} " for name, text in rows if text)


def keep_experiment(
    repository: git.Repository, work: Workdirs, exp: Experiment, words: Explanation, *, dry_run: bool = False
) -> Run:
    """Commit the experiment to the session's branch and journal it; return the run line.

    Raises Failure (4), naming the reason, unless a comparison of this tree against the current baseline says
    improved, checks passed, and the policy has nothing to say.
    """
    root, passes = repository.root, ""
    while True:
        with journal.locked(root):
            now = commit.settled(repository, dry_run=dry_run)
            now.require_own(exp.name)
            done = now.decision(exp.name)
            if done is not None and done.status == "keep":
                console.note(f"{exp.name} is kept already, as {done.commit}; what was written then stays")
                return done
            intent = _intent(repository, work, now, exp, words)
            tree = git.tree_of(root, intent.new)
            missing = [] if passes == tree else alone.lacks(work, intent.event.tree, intent.new)
            if not missing or dry_run:
                if not dry_run:
                    commit.place(repository, now, intent)
                return intent.event
        with progress.told("the commit is built and checked alone"):
            alone.require_keepable(work, now, intent.event, missing)  # unlocked: it may take as long as a run
        passes = tree


def _intent(repository: git.Repository, work: Workdirs, now: State, exp: Experiment, words: Explanation) -> Intent:
    """Return the commit to be placed and its run line; raises Failure (4) unless everything that must stand stands."""
    root = repository.root
    budget.require_open(now)
    compared = evidence.require_standing(root, now, exp.require_sealed())
    trees = (compared.baseline_tree, compared.candidate_tree)
    asked, places = questions(work, exp, now, compared)
    if asked and not words.reviewed:
        lines = "\n  ".join(asked)
        raise console.refused(
            f"{exp.name} needs a reader's words on {len(asked)} of its places:\n  {lines}",
            f'record_result.py keep {exp.name} {words.again}--reviewed "..."  # why each is honest, once they are read',
        )
    session_branch.require_in_place(root, now)
    _files_in_order(root, now)
    its = _sources(root, now, exp, words)
    event = run_line.run_event(
        now,
        exp.name,
        exp.description,
        "keep",
        literature_source=", ".join(its) or None,
        reviewed=words.reviewed or None,
        problem=words.problem or None,
        solution=words.solution or None,
        changed=work.diff(exp, "--shortstat").decode("utf-8", "replace").strip(),
        places=places or None,
        marks=[*marks.loosened(now), *([marks.BUNDLE] if protected.is_other_bundle(now) else [])] or None,
    )
    session = projection.load(root, event)
    kept = next(each for each in session.kept if each.name == exp.name)
    text = report_words.message(session, kept, exp.ref, [sources.reference(root, source) for source in its])
    base = now.baseline.commit_full
    new = commit.build(repository, base, trees, faces.improvements_page(root, session).encode(), text)
    return Intent(branch=now.branch, old=base, new=new, event=replace(event, commit=new[:7], commit_full=new))


def questions(work: Workdirs, sealed: Experiment, now: State, compared: Comparison) -> tuple[list[str], list[str]]:
    """Return what only a reader can judge, in lines, and every place that the policy saw; raises Failure (4).

    State that outlives a call asks nobody where the gain was seen in the first call on an input.
    """
    seen = experiment.require_allowed(work, sealed, now, (compared.baseline_tree, compared.candidate_tree))
    left = [finding for finding in seen if not (compared.is_afresh and finding.rule == "remembers")]
    signs = [f"while it was measured: {sign} [background]" for sign in compared.signs]
    signs += [*evidence.unproven(now), *evidence.implausible(now, compared)]
    signs += evidence.by_heart(now, [finding.rule for finding in seen])
    asked = [*(f"review: {sign}" for sign in signs), *(experiment.violation_line(finding) for finding in left)]
    return asked, signs + [f"{f.path}{f':{f.line}' if f.line else ''} ({f.rule})" for f in seen]


def _files_in_order(root: Path, now: State) -> None:
    changed = protected.changed(root, now)
    if changed:
        raise console.refused(
            f"protected files were changed since they were locked: {', '.join(changed)}",
            "put them back: git checkout -- FILE",
        )


def _sources(root: Path, now: State, exp: Experiment, words: Explanation) -> list[str]:
    """Return the ids given at submit and keep; an idea brings its own source along."""
    given = now.sources.get(exp.name, [])
    found = []
    for id_ in (*words.sources, *given):
        found.append(sources.parse_source(id_))
        behind = queue.source(root, id_)
        try:
            found += [sources.parse_source(behind)] if behind else []
        except console.Failure:  # a word that a person wrote into the ideas: no reason to refuse a measured gain
            console.note(f"note: {id_} names the source {behind!r:.80}, which has no known form")
    return list(dict.fromkeys(found))
