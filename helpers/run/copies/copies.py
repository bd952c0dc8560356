"""Isolated copies: create, seal, diff, restore, list and prune experiments without touching the user's work tree."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from helpers import console, events, git, git_objects, locks, next_step, paths, printable
from helpers.events import Comparison, Lock, Run, Submitted
from helpers.run.copies import git_index, moved, work_tree
from helpers.run.copies.raw_git import Shadow
from helpers.run.copies.refs import Refs, Start

SKYIGNORE = "# SkyPilot ships everything: with this file here it does not drop what .gitignore names.\n"


@dataclass(frozen=True)
class Experiment:
    """One experiment: its copy, what it started from and, when it is sealed, its commit, tree and description."""

    name: str
    ref: str
    path: Path
    index: Path
    start: Start
    origin: Start
    """Where the whole chain of experiments that led to this one began."""
    commit: str = ""
    tree: str = ""
    description: str = ""
    """What it does, in a line; its name while nobody has said."""

    @property
    def is_sealed(self) -> bool:
        """Whether its content has been recorded."""
        return bool(self.commit)

    @property
    def has_copy(self) -> bool:
        """Whether its folder is there to be edited."""
        return self.path.is_dir()

    def require_sealed(self) -> Experiment:
        """Return it; raises Failure (2) when it is not sealed."""
        if not self.is_sealed:
            raise console.usage(f"{self.name} is not sealed", f'snapshot_workdir.py seal {self.name} --desc "..."')
        return self


class Workdirs:
    """The isolated copies of one repository."""

    def __init__(self, repository: git.Repository, folder: Path | None = None) -> None:
        """`folder` is where copies live, by default under the temporary folder."""
        self.repository = repository
        self.root = repository.root
        self.folder = folder or paths.workdir_root(repository.root)
        if folder is None:
            self.folder = moved.bring_along(self.root, self.folder, dry_run=bool(repository.scratch))
        self.shadow = Shadow(repository, self.folder)
        self.refs = Refs(repository)

    def experiment(self, name: str) -> Experiment:
        """Return the experiment of that name.

        Raises Failure (2) when the name is none, or there is no such experiment.
        """
        paths.experiment(name)
        ref, (commit, start) = self.refs.experiment(name), self.refs.standing(name)
        if start is None or not (commit or self.path(name).is_dir()):
            raise self.unknown(name)
        found = self._named(name, ref, start)
        if commit is None:
            return found
        return replace(found, commit=commit.id, tree=commit.tree, description=printable.one_line(commit.message))

    def _named(self, name: str, ref: str, start: Start) -> Experiment:
        known = {commits[0]: other for other, commits in self.refs.all().items() if other != name}
        parent = start.of if start.of in known.values() else known.get(start.commit)  # described anew: another commit
        origin = self.experiment(parent).origin if parent else start
        return Experiment(name, ref, self.path(name), self._index(name), start, origin, description=name)

    def path(self, name: str) -> Path:
        """Return where the copy of an experiment stands, or would."""
        return self.folder / name

    def _index(self, name: str) -> Path:
        return self.folder / "index" / name

    def create(self, name: str, source: str | None = None) -> tuple[Experiment, int]:
        """Make a copy from the work tree, or from a revision or experiment; return it and its number of files.

        Raises Failure (2) when the name is taken or the source unknown.
        """
        kept_index = self._index(paths.experiment(name))
        self.refs.set_stale_aside(name, self.path(name))
        target, start_commit = self.require_free(name), self.start_of(source)
        with self._making(f"making-{name}") as (partial, index):
            count = self._fill_from_work_tree(partial, index) if source is None else self._fill_from(source, partial)
            tree = self.shadow.write_tree(partial, index, fresh=True)
            skyignore = partial / ".skyignore"
            if not os.path.lexists(skyignore):
                skyignore.write_text(SKYIGNORE, encoding="utf-8")
            start = Start(start_commit, tree, source if source and self.refs.sealed(source) else "")
            with locks.held(self.folder, wait=True):  # of two agents that want one name, one gets it
                if target.exists():
                    raise self._taken(name, "a folder")
                self.refs.remember(name, start)
                index.rename(kept_index)
                partial.rename(target)
        return self._named(name, self.refs.experiment(name), start), count

    def require_free(self, name: str) -> Path:
        """Return where a new copy of that name would stand; raises Failure (2) when the name is none, or taken."""
        target = self.path(paths.experiment(name))
        if target.exists() or self.refs.sealed(name):
            raise self._taken(name, "a folder" if target.exists() else "sealed already")
        return target

    def _taken(self, name: str, how: str) -> console.Failure:
        return console.usage(f"{name} exists ({how})", f"the next free name is {self.next_name()}")

    def capture(self) -> str:
        """Return the tree of the work tree as a copy would hold it now, without keeping a copy."""
        with self._making("capture") as (partial, index):
            self._fill_from_work_tree(partial, index)
            return self.shadow.write_tree(partial, index, fresh=True)

    @contextmanager
    def _making(self, what: str) -> Iterator[tuple[Path, Path]]:
        """Yield the places of a folder and its index to be made; what is there afterwards goes."""
        self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.mkdir(exist_ok=True)
        moved.announce(self.root, self.folder)
        partial = self.folder / f".{what}-{os.getpid()}"
        index = self._index(partial.name)
        shutil.rmtree(partial, ignore_errors=True)
        index.unlink(missing_ok=True)
        try:
            yield partial, index
        finally:
            shutil.rmtree(partial, ignore_errors=True)
            index.unlink(missing_ok=True)

    def _fill_from_work_tree(self, target: Path, index: Path) -> int:
        target.mkdir(parents=True)
        names = work_tree.listing(self.root) + [os.fsencode(p) for p in paths.PROTECTED]
        count, entries = work_tree.copy(self.root, target, dict.fromkeys(names), work_tree.known_blobs(self.root))
        git_index.write(index, entries.items(), self.shadow.object_format())
        return count

    def start_of(self, source: str | None) -> str:
        """Return the commit that a copy of the work tree, a revision or an experiment starts from."""
        if source is None:
            return git.commit_of(self.root, "HEAD")
        return self.refs.sealed(source) or git.commit_of(self.root, source)

    def _fill_from(self, source: str, target: Path) -> int:
        lines = events.read_events(self.root)
        if self.refs.sealed(source):
            tree = git.tree_of(self.root, self.refs.experiment(source))
        else:
            commit = git.commit_of(self.root, source)
            kept = {run.commit: run.tree for run in lines if isinstance(run, Run) and run.status == "keep" and run.tree}
            tree = kept.get(commit[:7]) or git.tree_of(self.root, source)
        self.shadow.restore(tree, target)
        locked: dict[str, str] = next((line.protected for line in reversed(lines) if isinstance(line, Lock)), {})
        for name in {*paths.PROTECTED, *locked}:  # a revision, or another copy, may be older than the benchmark
            ours, theirs = self.root / name, target / name
            if locked and name not in locked:
                theirs.unlink(missing_ok=True)
            elif ours.is_file() and (locked or not os.path.lexists(theirs)):
                theirs.unlink(missing_ok=True)
                theirs.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ours, theirs)
        return sum(len(files) for _, _, files in os.walk(target))

    def changes_nothing(self, exp: Experiment) -> bool:
        """Tell whether it holds what it started from; one of an older copy may have got locked files on the way."""
        if exp.tree != exp.start.tree:
            return False
        return git.tree_of(self.root, exp.start.commit) == exp.tree or exp.origin == exp.start

    def seal(self, exp: Experiment, description: str | None) -> Experiment:
        """Record the copy's content as a commit on refs/autoresearch/NAME and return it as it stands then.

        Raises Failure (2) when there is no copy, (4) when another content of that name has been run already.
        """
        if not exp.has_copy:
            again = f"snapshot_workdir.py create {self.next_name()} --from {exp.name}  # to go on from it in a new copy"
            raise console.usage(f"the copy of {exp.name} is gone; what was sealed of it stands", again)
        description, tree = printable.one_line(description or "") or None, self._content(exp)
        if exp.is_sealed:
            if exp.tree == tree and description in (None, exp.description):
                return exp
            if exp.tree != tree and self._was_run(exp.name):
                raise console.refused(
                    f"{exp.name} has been run with another content, which stays on record",
                    f"snapshot_workdir.py create {self.next_name()} --from {exp.name}  # go on under a new name",
                )
            description = description or exp.description
            if description != exp.description:
                console.note(f"note: {exp.name} is now described as {description!r}, before {exp.description!r}")
        message = description or exp.name
        made = git_objects.commit_tree(self.root, tree, exp.start.commit, message, git.IDENTITY)
        git.run(self.root, ["update-ref", exp.ref, made, exp.commit])
        return replace(exp, commit=made, tree=tree, description=message)

    def _content(self, exp: Experiment) -> str:
        index = exp.index
        if scratch := self.repository.scratch:
            index = scratch / exp.name
            if exp.index.exists() and not index.exists():
                shutil.copyfile(exp.index, index)
        if not index.exists():
            self.shadow.read_tree(exp.start.tree, index)
        return self.shadow.write_tree(exp.path, index)

    def _was_run(self, name: str) -> bool:
        return any(
            isinstance(event, (Submitted, Comparison)) and event.experiment_id == name
            for event in events.read_events(self.root)
        )

    def diff(self, exp: Experiment, *options: str) -> bytes:
        """Return the patch from the start to the copy's content, or to the sealed one where there is no copy."""
        tree = self._content(exp) if exp.has_copy else exp.tree
        command = ["diff-tree", "-r", "--no-renames", "--no-ext-diff", "--no-textconv", *(options or ("-p",))]
        return git.run(self.root, [*command, exp.start.tree, tree]).stdout

    def restore(self, exp: Experiment, target: Path, *, dry_run: bool = False) -> None:
        """Write the sealed content into `target`; raises Failure (2) when that is not empty, or nothing is sealed."""
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise console.usage(f"{target} is not an empty folder", "name a new folder")
        tree = exp.require_sealed().tree
        if not dry_run:
            self.shadow.restore(tree, target)

    def names(self) -> list[str]:
        """Return the names of all experiments, sealed or only copied."""
        begun = self.refs.all(paths.START_REF)
        return sorted({*self.refs.all(), *(name for name in begun if self.path(name).is_dir())})

    def next_name(self) -> str:
        """Return the first free name of the form exp-NN."""
        numbers = [int(n[4:]) for n in self.names() if n.startswith("exp-") and n[4:].isdigit()]
        return f"exp-{max(numbers, default=0) + 1:02d}"

    def is_clean(self, exp: Experiment) -> bool:
        """Tell whether the copy holds nothing that is not sealed."""
        return exp.is_sealed and self._content(exp) == exp.tree

    def prune(self, exp: Experiment) -> None:
        """Remove the copy's folder; its sealed content stays in git."""
        shutil.rmtree(exp.path)
        exp.index.unlink(missing_ok=True)

    def unknown(self, name: str) -> console.Failure:
        """Return the failure (2) for a name that no experiment has."""
        known = self.names()
        said = f"there is no experiment {name} (known: {', '.join(known[-5:]) or 'none yet'})"
        return console.usage(said + next_step.did_you_mean(name, known), f"snapshot_workdir.py create {name}")
