"""The one place for the names of files and folders that the bundle writes or reads in the user's repository."""

import hashlib
import json
import os
import re
import stat
from pathlib import Path

from helpers import console, files

BUNDLE = Path(__file__).resolve().parent.parent
"""The folder of SKILL.md."""

BENCHMARK = "autoresearch.sh"
CHECKS = "autoresearch.checks.sh"
HOLDOUT = "autoresearch.holdout.sh"
OUTPUTS = "autoresearch.outputs.sh"
SETUP_DEPS = "setup_deps.sh"
TASK = "experiment.yaml"
PROTOCOL = "instructions.md"
JOURNAL = "autoresearch.jsonl"
NOTES = "autoresearch.md"
IDEAS = "autoresearch.ideas.md"
PAPERS = "papers"
IMPROVEMENTS = "IMPROVEMENTS.md"
STATE = ".autoresearch"
ORIGIN = "origin.json"
"""In the folder of isolated copies: which repository they belong to, so that scripts also work from a copy."""
KEEP = "keep.json"
"""In the state folder: the keep that is under way."""
INSTALLED = (".agents/skills/autoresearch", ".claude/skills/autoresearch")

COMMITTED = (BENCHMARK, CHECKS, HOLDOUT, OUTPUTS, SETUP_DEPS)
"""Protected files that are committed on the session's branch."""
PROTECTED = (*COMMITTED, TASK, PROTOCOL)
"""Files that no experiment may change once they are locked."""
EXCLUDED = (TASK, PROTOCOL, JOURNAL, NOTES, IDEAS, PAPERS + "/", STATE + "/", *INSTALLED)
"""Lines of .git/info/exclude."""
BRANCH_PREFIX = "autoresearch/"
EXPERIMENT_REF = "refs/autoresearch/"
TREE_REF = "refs/autoresearch-tree/"
"""Trees and commits that the journal names, held whatever happens to the branch: locked, merged, compared, kept."""
START_REF = "refs/autoresearch-start/"
"""Where an experiment started from, uncommitted and untracked files included."""

_EXPERIMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def experiment(name: str) -> str:
    """Return `name` when it can name an experiment (it becomes a folder and a git ref); raises Failure (2)."""
    if _EXPERIMENT.fullmatch(name) and ".." not in name and not name.endswith((".lock", ".")):
        return name
    raise console.usage(
        f"{name!r} cannot name an experiment: letters, digits, '-', '_' and '.', at most 64", "use a name like exp-07"
    )


def state_folder(root: Path) -> Path:
    """Return the session's state folder in repository `root`, made on first use with its own .gitignore of `*`."""
    folder = root / STATE
    ignore = folder / ".gitignore"
    if not ignore.exists():
        folder.mkdir(exist_ok=True)
        files.replace(ignore, "*\n")
    return folder


def origin(folder: Path) -> Path | None:
    """Return the repository that the copies in `folder` say that they belong to."""
    try:
        return Path(json.loads((folder / ORIGIN).read_text(encoding="utf-8"))["repository"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def acknowledge(root: Path, folder: Path) -> None:
    """Let the repository at `root` know that `folder` holds copies of it, in its session or where else it would not."""
    if not (root / STATE).is_dir() and folder == workdir_root(root):
        return
    if str(folder) not in (known := acknowledged_folders(root)):
        files.replace(state_folder(root) / "copies", "".join(f"{place}\n" for place in [*known, folder]))


def acknowledged_folders(root: Path) -> list[str]:
    """Return the folders that held copies of the repository at `root`, as it knows itself."""
    try:
        return (root / STATE / "copies").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []


def workdir_root(root: Path) -> Path:
    """Where isolated copies of the repository at `root` live: $TMPDIR/autoresearch/<repository>-<hash>."""
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:8]
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", root.name) or "repository"
    return _own_scratch(files.temporary().resolve()) / f"{name}-{digest}"


def _own_scratch(temporary: Path) -> Path:
    """Return $TMPDIR/autoresearch, or one with the user's number when that belongs to somebody else on this machine."""
    place = temporary / "autoresearch"
    try:
        status = place.lstat()
    except OSError:
        return place
    mine = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    return place if mine else temporary / f"autoresearch-{os.getuid()}"
