"""Isolated copies: create, seal, diff, restore, list and prune experiments without touching the user's work tree."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from helpers import console, files, git, journal, paths, printable
from helpers.run.copies import git_index, work_tree
from helpers.run.copies.raw_git import Shadow
from helpers.run.copies.refs import Refs
from helpers.run.copies.start_points import Start, Starts, commit

SKYIGNORE = "# SkyPilot ships everything: with this file here it does not drop what .gitignore names.\n"


@dataclass(frozen=True)
class Sealed:
    """A sealed experiment: its commit and ref, its tree, its start and its description."""

    name: str
    commit: str
    tree: str
    start: Start
    description: str
    ref: str = ""


class Workdirs:
    """The isolated copies of one repository."""

    def __init__(self, repository: git.Repository, folder: Path | None = None) -> None:
        """`folder` is where copies live, by default under the temporary folder."""
        self.repository = repository
        self.root = repository.root
        self.folder = folder or paths.workdir_root(repository.root)
        self.shadow = Shadow(repository, self.folder)
        self.refs = Refs(repository)
        self.starts = Starts(self.root, self.folder, self.refs)

    def path(self, name: str) -> Path:
        """Return the folder of the copy."""
        return self.folder / paths.experiment(name)

    def index(self, name: str) -> Path:
        """Return the index file that remembers the copy's content."""
        return self.folder / "index" / paths.experiment(name)

    def create(self, name: str, source: str | None = None) -> tuple[Path, int]:
        """Make a copy from the work tree, or from a revision or experiment; return its folder and file count.

        Raises Failure (2) when the name is taken or the source unknown.
        """
        target = self.path(name)
        self.starts.set_stale_aside(name, target)
        if target.exists() or self.refs.sealed(name):
            taken = "a folder" if target.exists() else "sealed already"
            raise console.usage(f"{name} exists ({taken})", f"the next free name is {self.next_name()}")
        start_commit = self._start_commit(source)
        self._announce()
        partial = self.folder / f".making-{name}-{os.getpid()}"
        shutil.rmtree(partial, ignore_errors=True)
        self.index(name).unlink(missing_ok=True)
        try:
            if source is None:
                count = self._fill_from_work_tree(partial, self.index(name))
            else:
                count = self._fill_from(source, partial)
            tree = self.shadow.write_tree(partial, self.index(name), fresh=True)
            skyignore = partial / ".skyignore"
            if not os.path.lexists(skyignore):
                skyignore.write_text(SKYIGNORE, encoding="utf-8")
            self.starts.remember(name, Start(start_commit, tree))
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return target, count

    def capture(self) -> str:
        """Return the tree of the work tree as a copy would hold it now, without keeping a copy."""
        self._announce()
        partial, index = self.folder / f".capture-{os.getpid()}", self.folder / "index" / f".capture-{os.getpid()}"
        shutil.rmtree(partial, ignore_errors=True)
        try:
            self._fill_from_work_tree(partial, index)
            return self.shadow.write_tree(partial, index, fresh=True)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
            index.unlink(missing_ok=True)

    def _fill_from_work_tree(self, target: Path, index: Path) -> int:
        target.mkdir(parents=True)
        names = work_tree.listing(self.root) + [os.fsencode(p) for p in paths.PROTECTED]
        count, entries = work_tree.copy(self.root, target, dict.fromkeys(names), work_tree.known_blobs(self.root))
        git_index.write(index, entries.items(), self.shadow.object_format())
        return count

    def _start_commit(self, source: str | None) -> str:
        if source is None:
            return git.commit_of(self.root, "HEAD")
        return self.refs.sealed(source) or git.commit_of(self.root, source)

    def _fill_from(self, source: str, target: Path) -> int:
        if self.refs.sealed(source):
            self.shadow.restore(git.tree_of(self.root, self.refs.experiment(source)), target)
        else:
            known = next(
                (
                    e
                    for e in reversed(journal.read_events(self.root))
                    if e.get("status") == "keep"
                    and e.get("tree")
                    and git.commit_of(self.root, source).startswith(str(e.get("commit")))
                ),
                None,
            )
            self.shadow.restore(str(known["tree"]) if known else git.tree_of(self.root, source), target)
        for name in paths.PROTECTED:  # a revision may be older than the benchmark
            if not os.path.lexists(target / name) and (self.root / name).is_file():
                shutil.copy2(self.root / name, target / name)
        return sum(len(files) for _, _, files in os.walk(target))

    def _announce(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.mkdir(exist_ok=True)
        origin = self.folder / git.ORIGIN
        if not origin.exists():
            files.replace(origin, json.dumps({"repository": str(self.root)}) + "\n")

    def start(self, name: str) -> Start:
        """Return what the experiment started from; raises Failure (2) for an unknown one."""
        start = self.starts.of(name)
        if start is None:
            raise self._unknown(name)
        return start

    def origin(self, name: str) -> Start:
        """Return where the whole chain of experiments that led to this one began."""
        start = self.start(name)
        known = {commits[0]: other for other, commits in self.refs.all().items() if other != name}
        while start.commit in known:
            start = self.start(known[start.commit])
        return start

    def seal(self, name: str, description: str | None) -> Sealed:
        """Record the copy's content as a commit on refs/autoresearch/NAME and return it.

        Raises Failure (2) for an unknown experiment, (4) when another content of that name has been run already.
        """
        copy = self.path(name)
        if not copy.is_dir():
            raise self._unknown(name)
        description = printable.line(description or "") or None
        start = self.start(name)
        if not self.index(name).exists():
            self.shadow.read_tree(start.tree, self.index(name))
        tree = self.shadow.write_tree(copy, self.index(name))
        before = self._found(name)
        if before:
            if before.tree == tree and description in (None, before.description):
                return before
            if before.tree != tree and self._was_run(name):
                raise console.refused(
                    f"{name} has been run with another content, which stays on record",
                    f"continue under a new name: snapshot_workdir.py create {self.next_name()} --from {name}",
                )
            description = description or before.description
            if description != before.description:
                console.note(f"note: {name} is now described as {description!r}, before {before.description!r}")
        message = description or name
        made = commit(self.root, tree, start.commit, message)
        git.run(self.root, ["update-ref", self.refs.experiment(name), made, before.commit if before else ""])
        return Sealed(name, made, tree, start, message, self.refs.experiment(name))

    def _was_run(self, name: str) -> bool:
        return any(
            e.get("experiment_id") == name and e.get("type") in ("submitted", "comparison")
            for e in journal.read_events(self.root)
        )

    def sealed(self, name: str) -> Sealed:
        """Return the sealed experiment; raises Failure (2) when it is unknown or not sealed."""
        found = self._found(name)
        if found:
            return found
        if self.path(name).is_dir():
            raise console.usage(f"{name} is not sealed", f'seal it: snapshot_workdir.py seal {name} --desc "..."')
        raise self._unknown(name)

    def _found(self, name: str) -> Sealed | None:
        commit = self.refs.read(paths.experiment(name))
        if commit is None:
            return None
        message = printable.line(commit.message)
        return Sealed(name, commit.id, commit.tree, self.start(name), message, self.refs.experiment(name))

    def diff(self, name: str, *options: str) -> bytes:
        """Return the patch from the start to the sealed content, or to the copy's when it is not sealed yet."""
        copy, start = self.path(name), self.start(name)
        if copy.is_dir():
            if not self.index(name).exists():
                self.shadow.read_tree(start.tree, self.index(name))
            tree = self.shadow.write_tree(copy, self.index(name))
        else:
            tree = self.sealed(name).tree
        command = ["diff-tree", "-r", "--no-renames", "--no-ext-diff", "--no-textconv", *(options or ("-p",))]
        return git.run(self.root, [*command, start.tree, tree]).stdout

    def restore(self, name: str, target: Path) -> None:
        """Write the sealed content into `target`; raises Failure (2) when that is not empty."""
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise console.usage(f"{target} is not an empty folder", "name a new folder")
        self.shadow.restore(self.sealed(name).tree, target)

    def names(self) -> list[str]:
        """Return the names of all experiments, sealed or only copied."""
        return sorted({*self.refs.all(), *(name for name in self.starts.known() if self.path(name).is_dir())})

    def next_name(self) -> str:
        """Return the first free name of the form exp-NN."""
        numbers = [int(n[4:]) for n in self.names() if n.startswith("exp-") and n[4:].isdigit()]
        return f"exp-{max(numbers, default=0) + 1:02d}"

    def is_sealed(self, name: str) -> bool:
        """Tell whether the experiment has been sealed."""
        return self.refs.sealed(paths.experiment(name)) is not None

    def is_clean(self, name: str) -> bool:
        """Tell whether the copy holds nothing that is not sealed."""
        if not self.is_sealed(name):
            return False
        if not self.index(name).exists():
            self.shadow.read_tree(self.start(name).tree, self.index(name))
        return self.shadow.write_tree(self.path(name), self.index(name)) == self.sealed(name).tree

    def prune(self, name: str) -> bool:
        """Remove the copy's folder; its sealed content stays in git. Returns whether there was one."""
        target = self.path(name)
        if not target.is_dir():
            return False
        shutil.rmtree(target)
        self.index(name).unlink(missing_ok=True)
        return True

    def _unknown(self, name: str) -> console.Failure:
        known = self.names()
        some = ", ".join(known[-5:]) if known else "none yet"
        return console.usage(f"there is no experiment {name} (known: {some})", f"snapshot_workdir.py create {name}")
