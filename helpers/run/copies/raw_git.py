"""A git directory of our own that reads any folder byte for byte into the user's object store.

The user's .gitattributes (line endings, LFS and other filters, ident, encodings) say how *their* git stores files. A
sealed copy must restore to the very bytes that were measured, so trees of copies are written and read with all such
conversions off. info/attributes of a git directory outranks every .gitattributes, but the user's is theirs: hence a
git directory beside the copies, with the user's objects (GIT_OBJECT_DIRECTORY) and nothing else of theirs.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from helpers import files, git, ownership, paths

_ATTRIBUTES = "* -text -filter -ident -working-tree-encoding\n"


class Shadow:
    """The shadow git directory for the copies of one repository."""

    def __init__(self, repository: git.Repository, folder: Path) -> None:
        """`folder` is where the copies live; the git directory is made there on first use."""
        self.repository = repository
        self.folder = repository.scratch or folder
        self.git_dir = self.folder / "shadow.git"

    def environment(self, work_tree: Path | None, index: Path) -> dict[str, str]:
        """Return the environment that makes git read `work_tree` through `index` into the user's objects."""
        self._make()
        env = {
            "GIT_DIR": str(self.git_dir),
            "GIT_OBJECT_DIRECTORY": str(self.repository.objects),
            "GIT_INDEX_FILE": str(index),
        }
        if work_tree is not None:
            env["GIT_WORK_TREE"] = str(work_tree)
        return env

    def _make(self) -> None:
        if (self.git_dir / "HEAD").exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        kind = self.object_format()
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".shadow-") as temporary:
            made = Path(temporary) / "git"
            git.run(self.folder, ["init", "--quiet", "--bare", "--template=", f"--object-format={kind}", str(made)])
            (made / "info").mkdir(exist_ok=True)
            (made / "info" / "attributes").write_text(_ATTRIBUTES, encoding="utf-8")
            try:
                made.rename(self.git_dir)
            except OSError:  # another process was first
                if not (self.git_dir / "HEAD").exists():
                    raise

    def object_format(self) -> str:
        """Return the repository's object format, sha1 or sha256."""
        return git.output(self.repository.root, ["rev-parse", "--show-object-format"])

    def write_tree(self, work_tree: Path, index: Path, *, fresh: bool = False) -> str:
        """Store the content of `work_tree` and return its tree id.

        What the user's ignore rules name is left out unless the index holds it already; protected files are always in.
        In a `fresh` copy everything is, for it holds nothing but what belongs to it: a tracked file may be ignored too.
        """
        env = self.environment(work_tree, index)
        index.parent.mkdir(parents=True, exist_ok=True)
        self._copy_excludes()
        ignore = git.run(self.repository.root, ["config", "--path", "core.excludesFile"], check=False).stdout
        user = ["-c", f"core.excludesFile={os.fsdecode(ignore).strip()}"] if ignore.strip() else []
        git.run(work_tree, [*user, "add", "--all", *(["--force"] if fresh else []), "--", "."], env=env)
        present = [name for name in paths.PROTECTED if os.path.lexists(work_tree / name)]
        if present:
            git.run(work_tree, ["add", "--force", "--", *(f":(literal){name}" for name in present)], env=env)
        return git.output(work_tree, ["write-tree"], env=env)

    def _copy_excludes(self) -> None:
        theirs = self.repository.common_dir / "info" / "exclude"
        text = ownership.plain_text(theirs)
        ours = self.git_dir / "info" / "exclude"
        wanted = text + "\n/.skyignore\n"
        if not ours.exists() or ours.read_text(encoding="utf-8", errors="surrogateescape") != wanted:
            files.replace(ours, wanted, durable=False)

    def read_tree(self, tree: str, index: Path) -> None:
        """Fill `index` from `tree`."""
        index.parent.mkdir(parents=True, exist_ok=True)
        git.run(self.folder, ["read-tree", tree], env=self.environment(None, index))

    def restore(self, tree: str, target: Path) -> None:
        """Write `tree` into the empty or absent folder `target`, byte for byte, all files of one time."""
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder if self.folder.exists() else None) as temporary:
            index = Path(temporary) / "index"
            self.read_tree(tree, index)
            git.run(target, ["checkout-index", "--all", "--force"], env=self.environment(target, index))
        at_one_time(target)

    def with_files(self, tree: str, source: str, names: Sequence[str]) -> str:
        """Return `tree` with the files `names` as the tree `source` has them; what it does not have is not there."""
        env = self.environment(None, self.folder / "none")
        rows = git.run(self.folder, ["ls-tree", "-z", source, "--", *names], env=env).stdout
        gone = b"".join(b"0 %s\t%s\0" % (b"0" * 40, os.fsencode(name)) for name in names)
        with self._index(tree) as env:
            git.run(self.folder, ["update-index", "-z", "--index-info"], stdin=gone + rows, env=env)
            return git.output(self.folder, ["write-tree"], env=env)

    def apply(self, tree: str, patch: bytes) -> str:
        """Return `tree` with a patch of `git diff --binary` applied; raises Failure (3) where it does not apply."""
        with self._index(tree) as env:
            if patch.strip():
                git.run(
                    self.folder, ["apply", "--cached", "--binary", "--whitespace=nowarn", "-"], stdin=patch, env=env
                )
            return git.output(self.folder, ["write-tree"], env=env)

    @contextmanager
    def _index(self, tree: str) -> Iterator[dict[str, str]]:
        """Yield the environment of an index that holds `tree` and goes away afterwards."""
        self._make()
        with tempfile.TemporaryDirectory(dir=self.folder) as temporary:
            env = self.environment(None, Path(temporary) / "index")
            git.run(self.folder, ["read-tree", tree], env=env)
            yield env

    def merge(self, base: str, ours: str, theirs: str) -> tuple[str, list[str]]:
        """Merge two trees over `base`; return the merged tree and the paths in conflict (then the tree is partial)."""
        with tempfile.TemporaryDirectory(dir=self.folder) as temporary:
            index, work = Path(temporary) / "index", Path(temporary) / "work"
            work.mkdir()
            env = self.environment(work, index)
            git.run(work, ["read-tree", "-i", "-m", "--aggressive", base, ours, theirs], env=env)
            git.run(work, ["merge-index", "-o", "-q", "git-merge-one-file", "-a"], env=env, check=False)
            left = git.run(work, ["ls-files", "--unmerged", "-z"], env=env).stdout.split(b"\0")
            conflicts = sorted({os.fsdecode(row.split(b"\t", 1)[1]) for row in left if row})
            return ("" if conflicts else git.output(work, ["write-tree"], env=env)), conflicts


def at_one_time(folder: Path) -> None:
    """Give all files below the folder one time, lest make find some newer; past, as some tools go by the second."""
    now = (int(time.time()) - 60) * 10**9
    for inside, folders, names in os.walk(folder):
        links = (name for name in folders if os.path.islink(f"{inside}/{name}"))  # noqa: PTH114 - thousands of them
        for name in (*names, *links):
            os.utime(f"{inside}/{name}", ns=(now, now), follow_symlinks=False)
