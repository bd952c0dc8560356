"""What a failed git call means, and what to do: from what git printed."""

import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from helpers import console


def explain(args: Sequence[str | Path], done: subprocess.CompletedProcess[bytes]) -> console.Failure:
    """Turn a failed git call into a message that says what to do."""
    said = done.stderr.decode("utf-8", "replace").strip()
    short = said[-600:] or f"exit {done.returncode}"
    verb = next((str(a) for a in args if not str(a).startswith("-") and "=" not in str(a)), "")
    if "Read-only file system" in said or "Permission denied" in said or "insufficient permission" in said:
        named = re.search(r"'(/[^'\n]+)'", said)
        do = "your sandbox keeps .git read-only: allow writing to it (Codex: add the .git folder to writable_roots)"
        return console.not_writable(named[1] if named else "", f"git {verb} may not write: {short}", do)
    if ".lock': File exists" in said:
        do = "wait for it, then try again; a lock that a crash left behind is removed by hand when no git runs here"
        return console.outside(f"git {verb}: another git process holds a lock: {short}", do)
    if "No space left" in said or "Out of diskspace" in said:
        return console.no_room(f" (git {verb})")
    if "promisor" in said or "unable to read sha1 file" in said:
        return console.outside(
            f"git {verb}: this is a partial clone, and what it left out is not here: {short[-200:]}",
            "git fetch --refetch --no-filter  # once, with the network: all contents",
        )
    if "dubious ownership" in said:
        return console.outside(f"git refuses this repository: {short}", "run as its owner, or add it to safe.directory")
    if match := re.search(r"'refs/heads/([^']+)' exists; cannot create", said):
        name = shlex.quote(match[1])
        said = f"git {verb}: the branch {match[1]} leaves no room for one in a folder of that name: {short}"
        return console.outside(said, f"git branch -m {name} {name}-renamed")
    if match := re.search(r"'([^'\n]+)/' does not have a commit checked out", said):
        said = f"{match[1]} is a repository of its own without a commit: git cannot say what it holds"
        return console.outside(
            said, f"git submodule update --init {shlex.quote(match[1])}  # or commit there, or move it away"
        )
    if " filter " in said:
        said = f"git {verb}: a filter that .gitattributes asks for fails: {short}"
        return console.outside(said, "install what it calls (git-lfs, then: git lfs install)")
    return console.outside(f"git {verb} failed: {short}")
