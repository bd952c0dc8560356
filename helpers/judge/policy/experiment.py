"""The policy applied to a sealed experiment of the session, and its words."""

import hashlib
import os
import shlex
from collections.abc import Iterable, Mapping

from helpers import console, events, git, git_objects, next_step, paths, printable, session_branch
from helpers.events import Note
from helpers.judge.policy import check, evaluator_reach, one_sided
from helpers.judge.policy.check import Violation
from helpers.run.copies.copies import Experiment, Workdirs
from helpers.state import State


def violations(work: Workdirs, sealed: Experiment, now: State, trees: tuple[str, str] | None = None) -> list[Violation]:
    """Return everything that the policy has to say of the sealed tree, refusals first.

    `trees`: the two that were measured, where they are known; else from where the copy began to the sealed one.
    """
    changes = check.changes_between(work.root, *(trees or (sealed.origin.tree, sealed.tree)))
    project = project_of(work, now.require_lock().tree, sealed.origin.tree)
    found = check.violations(
        changes,
        scope=now.config.scope,
        off_limits=now.config.off_limits,
        allow=now.config.allow,
        protected=now.protected,
        present=protected_hashes(work, trees[1] if trees else sealed.tree, now.protected),
        evaluator=evaluator_text(work, now),
        project=project,
        theirs=_one_sided(work, now, [change.path for change in changes if change.old is not None], project.files),
    )
    return sorted(found, key=lambda finding: (finding.level != "refuse", finding.path, finding.line or 0))


def protected_hashes(work: Workdirs, tree: str, locked: Iterable[str]) -> dict[str, str]:
    """Return path to SHA-256 of the protected files that the tree holds."""
    names = list(dict.fromkeys([*paths.PROTECTED, *locked]))
    held = zip(names, git_objects.blobs(work.root, [f"{tree}:{name}" for name in names]), strict=True)
    return {name: hashlib.sha256(content).hexdigest() for name, content in held if content is not None}


def project_of(work: Workdirs, tree: str, began: str = "") -> evaluator_reach.Project:
    """Return what a tree holds and declares; what is in no commit, yet in the tree that a copy began from, is held."""
    listed = [git.output(work.root, ["ls-tree", "-r", "-z", "--name-only", each]) for each in (tree, began) if each]
    files = frozenset("\0".join(listed).split("\0")) - {""}
    held = set(listed[0].split("\0"))
    kept = sorted(path for path in held if path.rsplit("/", 1)[-1] in evaluator_reach.MANIFESTS)
    return evaluator_reach.Project(files, _texts(work, tree, kept))


def evaluator_text(work: Workdirs, now: State, scripts: Iterable[str] = paths.COMMITTED) -> str:
    """Return the text of protected scripts and the build command as locked, and of the drivers that they run."""
    tree = now.require_lock().tree
    build = str(now.require_lock().task.get("envs", {}).get("BUILD_CMD", ""))
    text = _texts(work, tree, list(scripts)) + "\n" + build
    known, files = evaluator_reach.named_by(text), project_of(work, tree).files
    named = sorted(path for path in files if path in known.names and path not in paths.COMMITTED)
    contents = git_objects.blobs(work.root, [f"{tree}:{path}" for path in named])
    short = [(path, held) for path, held in zip(named, contents, strict=True) if held and len(held) < 200_000]
    drivers = [held.decode("utf-8", "replace") for path, held in short if evaluator_reach.is_driver(path, held)]
    return "\n".join([text, *drivers])


def _one_sided(work: Workdirs, now: State, changed: list[str], files: Iterable[str]) -> Mapping[str, one_sided.Said]:
    tree, build = now.require_lock().tree, str(now.require_lock().task.get("envs", {}).get("BUILD_CMD", ""))
    measure, check = (_texts(work, tree, list(names)) for names in one_sided.SIDES)

    def read(names: list[str]) -> list[str]:
        texts = git_objects.blobs(work.root, [f"{tree}:{name}" for name in names])
        return [(text or b"")[:200_000].decode("utf-8", "replace") for text in texts]

    return one_sided.found(changed, one_sided.Scripts(measure, check, build), files, read)


def evaluator_script(work: Workdirs, now: State, name: str) -> str:
    """Return the text of one protected script, as it was locked; empty where there is none."""
    return _texts(work, now.require_lock().tree, [name])


def _texts(work: Workdirs, tree: str, names: list[str]) -> str:
    texts = git_objects.blobs(work.root, [f"{tree}:{name}" for name in names])
    return "\n".join((text or b"").decode("utf-8", "replace") for text in texts)


def require_allowed(
    work: Workdirs, sealed: Experiment, now: State, trees: tuple[str, str] | None = None, *, on_record: bool = False
) -> list[Violation]:
    """Raise Failure (4) when the policy refuses the experiment, `on_record`: journaled too; return what to review."""
    _require_here(work, sealed, now, trees or (sealed.origin.tree, sealed.tree))
    found = violations(work, sealed, now, trees)
    bad = [finding for finding in found if finding.level == "refuse"]
    if bad:
        lines = "\n  ".join(violation_line(finding) for finding in bad)
        if on_record:
            _journal_refusal(work, sealed, now, [violation_line(finding) for finding in bad])
        opens = [finding for finding in bad if finding.rule != "protected"]
        do = (
            _put_back(work, sealed, now, [v.path for v in bad if v.rule == "protected"])
            or f"snapshot_workdir.py diff {sealed.name}  # take it out, then: submit_experiment.py {sealed.name}"
        )
        if len(opens) == len(bad):
            ways = " --allow ".join({shlex.quote(f"{v.rule}:{next_step.path(work.root, v.path)}"): 0 for v in opens})
            do += f"; only the person opens what is closed:\nstart_session.py --goal {now.config.name} --allow {ways}"
        raise console.refused(
            f"the policy refuses {sealed.name}, {len(bad)} place{'s' * (len(bad) > 1)}:\n  {lines}", do
        )
    return found


def _require_here(work: Workdirs, sealed: Experiment, now: State, trees: tuple[str, str]) -> None:
    """Raise Failure (4) for a change inside a submodule, which no commit of this repository can hold."""
    rows = git.run(work.root, ["ls-tree", "-r", "-z", "--full-tree", now.baseline.commit_full]).stdout.split(b"\0")
    inner = tuple(row.split(b"\t", 1)[1] + b"/" for row in rows if row.startswith(b"160000"))
    for change in git_objects.differences(work.root, *trees) if inner else ():
        if parent := next(filter(change.path.startswith, inner), b""):
            path, outer = (printable.name(os.fsdecode(name)) for name in (change.path, parent[:-1]))
            raise console.refused(
                f"{sealed.name} changes {path}, which lies in the submodule {outer}: no commit here can hold it",
                f"make that change in {outer} itself and commit it, there and here, then:\n{session_branch.ADOPT}",
            )


def refusal(now: State, name: str, tree: str) -> list[str]:
    """Return where the policy refused this very content; none where more was opened, or locked, since."""
    places, locked = list[str](), (now.lock and now.lock.timestamp) or 0
    for note in now.notes:
        if (note.refused, note.tree) == (name, tree) and (note.timestamp or 0) >= locked:
            places = note.places
        elif {"allow", "scope", "offLimits"} & {*note.changed}:
            places = []
    return places


def _journal_refusal(work: Workdirs, sealed: Experiment, now: State, places: list[str]) -> None:
    """Put on record what was refused and where, once for each content and what is open."""
    if not refusal(now, sealed.name, sealed.tree):
        text, title = "refused by the policy", sealed.description
        events.append(work.root, Note(text=text, refused=sealed.name, tree=sealed.tree, title=title, places=places))


def _put_back(work: Workdirs, sealed: Experiment, now: State, names: list[str]) -> str:
    """Say what to do where it is not the experiment that changed protected files; empty otherwise."""
    held = {name: work.root / name for name in names if name in now.protected}
    other = [
        name
        for name, file in held.items()
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != now.protected[name]
    ]
    if other:
        files = shlex.join(next_step.path(work.root, name) for name in other)
        back = f"git checkout -- {files}  # in your work tree they are not as they were locked"
        return f"{back}\nsnapshot_workdir.py create {work.next_name()}  # then make the change in a new copy"
    before, after = (protected_hashes(work, tree, names) for tree in (sealed.origin.tree, sealed.tree))
    if names and all(before.get(name) == after.get(name) for name in names):
        return (
            f"its copy is older than the lock; a new one has the locked files and its change:\n"
            f"snapshot_workdir.py create {work.next_name()} --from {sealed.name}"
        )
    return ""


def violation_line(finding: Violation) -> str:
    """Return one violation as a line: level, place, rule, reason."""
    place = printable.name(finding.path) + (f":{finding.line}" if finding.line else "")
    return f"{finding.level}: {place}: {finding.message} [{finding.rule}]"
