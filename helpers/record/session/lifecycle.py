"""Beginning and resuming a session."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from helpers import agreement, console, events, files, git, journal, next_step, paths, printable, replay, session_branch
from helpers.events import Config, Note
from helpers.judge.compare import metric_limits
from helpers.record import protected
from helpers.run.jobs import budget
from helpers.state import State

_BUSY = ("MERGE_HEAD", "rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG")
_BEGUN = "autoresearch: begin from "
"""What git notes of a branch that a session begins on, with the branch that the person comes from."""


def begin(
    repository: git.Repository, config: dict[str, Any], *, new: bool = False, on_top: bool = False
) -> tuple[State, bool]:
    """Begin the session that `config` describes, or resume it; return its state and whether it was resumed.

    On the branch of the session before it goes back to the person's branch first, unless it is to stand `on_top`. One
    that it replaces is set aside, and is resumed by its name.
    A rehearsal ends before anything is written, and returns nothing that counts.

    Raises Failure (2) when the repository is in the middle of something, or another session is under way.
    """
    root = repository.root
    now = replay.fold(events.held(root))
    name = str(config["name"])
    its = now and now.named(name)
    if now and its is now:
        return _resume(repository, now, config), True
    over = now is None or bool(budget.closed(now)) or session_branch.is_over(root, now)
    if now and (now.lock or now.runs) and not new and not over:
        raise console.usage(
            f"the session {now.config.name} is under way on {now.branch}: {len(now.kept)} kept, "
            f"{len(now.undecided())} wait" + next_step.did_you_mean(name, [now.config.name, *now.aside]),
            f"status.py  # where it stands; to resume it: git switch {now.branch}\nstart_session.py --goal {name} --new"
            + ("  # to resume that one in its place" if its else " ...  # to begin another in its place"),
        )
    if now and its and git.resolved(root, f"refs/heads/{its.branch}"):
        _ready(repository)
        return _resume(repository, its, config, in_place_of=now), True
    here, begins = _begins_from(repository, now, on_top=on_top)
    head = git.commit_of(root, begins)
    branch = paths.BRANCH_PREFIX + config["name"]
    there = git.resolved(root, f"refs/heads/{branch}")
    came_from = _interrupted(root, branch)
    if there and (came_from is None or there != head):
        raise console.usage(f"the branch {branch} exists, but no session of that name", "choose another --goal")
    dirty = git.output(root, ["status", "--porcelain", "--untracked-files=no", "--ignore-submodules=untracked"])
    if dirty:
        console.note(
            "note: you have uncommitted changes; copies carry them (both sides of every comparison the same), "
            "commits of this session never do:\n" + "\n".join(dirty.splitlines()[:10])
        )
    if repository.scratch:
        return State(Config.of(config)), False
    git.exclude(repository, paths.EXCLUDED)
    if now:
        _set_aside(root, now.config.name, (paths.NOTES, paths.IDEAS))
        _hand_on(root, now)
        way = next_step.runnable(f"start_session.py --goal {now.config.name} --new")
        console.note(f"note: the session {now.config.name} is kept, on {now.branch}; to resume it: {way}")
    _files(root, config)
    if came_from is not None and here == branch:
        here = came_from
    if not there:
        noted = ["update-ref", "--create-reflog", "-m", f"{_BEGUN}{here}"]
        git.run(root, [*noted, f"refs/heads/{branch}", head, ""])
    git.run(root, ["symbolic-ref", "-m", f"autoresearch: begin {config['name']}", "HEAD", f"refs/heads/{branch}"])
    events.append(root, Config.of({**config, "branch": branch, "base": head, "from": here}))
    return replay.load(root), False


def _reopen(root: Path, now: State, its: State) -> None:
    """Take up a session that was set aside, and set aside the present one with what no commit of it holds."""
    names = {paths.NOTES, paths.IDEAS, *paths.PROTECTED, *(its.protected if its.lock else [])}
    tracked = git.output(root, ["--literal-pathspecs", "ls-files", "-z", "--", *names]).split("\0")
    _set_aside(root, now.config.name, sorted(names - set(tracked)))
    back = now  # where git does not switch
    try:
        session_branch.put_back(root, its.branch)
        back = its
    finally:
        folder = paths.state_folder(root) / "sessions" / back.config.name
        if folder.exists():
            shutil.copytree(folder, root, dirs_exist_ok=True)
            shutil.rmtree(folder)
    _hand_on(root, its)
    again = {key: value for key, value in its.config.line.items() if key not in ("timestamp", "clock")}
    events.append(root, Config.of({**again, "resumed": True}))


def _interrupted(root: Path, branch: str) -> str | None:
    """Return where the person came from when a session that was to begin on `branch` did not get to its first line."""
    said = git.run(root, ["reflog", "show", "--format=%gs", f"refs/heads/{branch}", "--"], check=False).stdout.decode()
    ours = said.startswith(_BEGUN) and said.count("\n") == 1  # and nobody has moved it since
    return said.removeprefix(_BEGUN).strip() if ours else None


def _begins_from(repository: git.Repository, now: State | None, *, on_top: bool) -> tuple[str, str]:
    """Return the branch to come back to and where the new one begins; the work tree is put there."""
    root, here = repository.root, _ready(repository)
    if now and here == now.branch and not on_top and (theirs := session_branch.came_from(root, now)):
        to, back = theirs, theirs
        said = f"begins from {theirs}, as the session before did; --on-top begins from what that one kept"
    elif now and on_top and not here.startswith(paths.BRANCH_PREFIX):  # where a finished session left the work tree
        to, back = now.branch, here
        said = f"begins from {to}, what that session kept"
        if not git.resolved(root, f"refs/heads/{to}"):
            raise console.usage(f"{to} is gone, and --on-top begins from it", "leave --on-top out")
    else:
        return here, "HEAD"
    if not repository.scratch:
        session_branch.put_back(root, to)
    console.note(f"note: {said}")
    return back, f"refs/heads/{to}"


def _ready(repository: git.Repository) -> str:
    """Return the branch that the person is on; raises Failure (2) when nothing should begin here now."""
    for name in _BUSY:
        if (repository.git_dir / name).exists():
            raise console.usage(f"git is in the middle of something ({name})", "finish or abort it, then start again")
    here = git.branch(repository.root)
    if here is None:
        raise console.usage(
            "HEAD is detached: there is no branch to come back to", "git switch BRANCH (or -c NEW) first"
        )
    return here


def _resume(repository: git.Repository, now: State, config: dict[str, Any], in_place_of: State | None = None) -> State:
    """Journal the options that were given again; what identifies the session must not change."""
    root, before = repository.root, now.config.line
    given = {key: _added(key, before.get(key), value) for key, value in config.items() if key != "name" and value}
    given = {key: value for key, value in given.items() if before.get(key) != value}
    if given.get("scale") == now.scale.kind:
        del given["scale"]
    if (fixed := [key for key in agreement.OF_THE_LOCK if key in given]) and now.tried:
        held = before.get(fixed[0])
        raise console.usage(
            f"{agreement.OF_THE_LOCK[fixed[0]]} stays {held if held and isinstance(held, str) else 'as it was'}:"
            " results are there, and would not compare",
            "start_session.py --goal NAME --new ...  # another session, with these",
        )
    _require_printed(root, now, given.get("guards", []))
    if given:
        before = {"leastDifference": now.margin, **before} if now.runs else before
        was = {key: before[key] for key in given if key in before}
        for key, value in given.items():
            told = (value, before.get(key, "not set"))
            if key == "margin":
                told = (f"{100 * value:.4g}%", f"{100 * now.margin:.4g}%")
            console.note(f"changed: {key} is now {told[0]}, before {told[1]}")
    if closed := budget.closed(now):
        console.note(f"note: the session is closed: {closed}; nothing is run in it any more")
    if repository.scratch:
        return now
    if in_place_of:
        _reopen(root, in_place_of, now)
    if given:
        events.append(root, Note(text="options changed by start_session.py", changed=given, was=was))
        if fixed and now.runs:
            anew = "nothing was tried after the lock: it is taken back; to take it anew: start_session.py --lock"
            console.note(next_step.runnable(anew))
    return replay.load(root)


def _require_printed(root: Path, now: State, limits: list[str]) -> None:
    """Raise Failure (2) for a limit on what the locked benchmark does not print: no comparison could end with it."""
    if not now.taken or not now.has_baseline or protected.changed(root, now):
        return
    for name in (metric_limits.parse_limit(text).name for text in limits):
        if name not in now.taken.metrics:
            raise console.usage(
                f"the locked benchmark prints no METRIC {name}, and a limit stays: nothing could be kept any more",
                f"a limit on what it prints: {', '.join(now.taken.metrics)[:300]}",
            )


def _added(key: str, before: Any, value: Any) -> Any:  # noqa: ANN401 - whatever the key holds
    """Return the value of an option given again: it changes what it names, and nothing beside that."""
    if isinstance(value, dict):
        return {**(before or {}), **value}
    if key == "guards":
        named = {metric_limits.parse_limit(text).name for text in value}
        return [*(text for text in before or [] if metric_limits.parse_limit(text).name not in named), *value]
    if key in ("allow", "passEnv", "offLimits"):
        return list(dict.fromkeys([*(before or []), *value]))
    return value


def _files(root: Path, config: dict[str, Any]) -> None:
    """Put the session's files into place, never over one that is there."""
    paths.state_folder(root)
    templates = paths.BUNDLE / "references" / "templates"
    for name, source in {
        paths.TASK: paths.BUNDLE / paths.TASK,
        paths.PROTOCOL: paths.BUNDLE / paths.PROTOCOL,
        paths.BENCHMARK: templates / paths.BENCHMARK,
        paths.CHECKS: templates / paths.CHECKS,
    }.items():
        unwanted = name == paths.CHECKS and config.get("noChecks")
        if unwanted or os.path.lexists(root / name) or not source.exists():
            continue
        shutil.copyfile(source, root / name)
        if name.endswith(".sh"):
            (root / name).chmod(0o755)
            console.note(f"wrote {os.path.relpath(root / name)} from the template: fill it in and run it by hand")
            if Path(name).is_file() and not (root / name).samefile(name):
                console.note(
                    f"note: {name} of this folder is not run: a session's scripts lie in the top folder, {root}"
                )
    text = (
        f"# {config['name']}\n\nMetric: {config['metricName']} ({config['metricUnit']}), "
        f"{config['bestDirection']} is better.\n"
    )
    for title in ("Objective", "Baseline", "Profile", "Findings", "Ruled out"):
        text += f"\n## {title}\n"
        if title == "Objective" and config.get("objective"):
            text += f"\n{config['objective']}\n"
    _once(root / paths.NOTES, text)
    _once(root / paths.IDEAS, "# Ideas\n\n")


def _set_aside(root: Path, session: str, names: Iterable[str]) -> None:
    """Move files of the session before, its notes and ideas, to a folder of their own, where they stay readable."""
    folder = paths.state_folder(root) / "sessions" / paths.experiment(session)
    if folder.exists():
        folder.rename(folder.with_name(f"{session}-{journal.now_ms()}"))
    for name in filter(lambda name: (root / name).is_file(), names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(root / name, folder / name)
        console.note(f"note: {name} of the session {session} is now {folder.relative_to(root) / name}")


def _hand_on(root: Path, now: State) -> None:
    """Write the benchmark and what belongs to it as the session before had them, where the branch has none."""
    missing = [name for name in now.protected if not os.path.lexists(root / name)] if now.lock else []
    if missing:
        tree = now.require_lock().tree
        git.run(root, ["--literal-pathspecs", "restore", f"--source={tree}", "--worktree", "--", *missing])
        console.note(f"note: as the session {now.config.name} had them: {', '.join(map(printable.name, missing[:9]))}")


def _once(file: Path, text: str) -> None:
    if not os.path.lexists(file):
        files.replace(file, text)
