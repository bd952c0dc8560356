"""One commit or merged pull request of the git log, shown with no network as one of a forge is."""

import re
from pathlib import Path

from helpers import console, git, printable
from helpers.read.forge import claims, findings, git_log, names, provenance
from helpers.read.forge.show import Shown

_SHA = re.compile(r"(?:\S+@|commit:)?([0-9a-fA-F]{7,64})")
_NUMBER = re.compile(r"(\S*)#(\d{1,9})")
_PATCH = 400_000
"""Characters of a diff that are looked at."""


def show_from_log(start: Path, what: str, *, diff: bool) -> Shown:
    """Return a commit by its hash, or what was merged as a pull request by its number.

    Raises Failure: 1 where the log has no such thing, 2 where there is no repository.
    """
    root = git.find(start).root
    numbered, named = _NUMBER.fullmatch(what), _SHA.fullmatch(what)
    if numbered:
        sha = _of_number(root, numbered[1], int(numbered[2]))
    else:
        sha = git.resolved(root, named[1] if named else what)
    if not sha:
        raise console.answer_no(f"{what} is not in the git log here", "git fetch its remote; or leave --local out")
    return _shown(root, sha, diff=diff)


def _of_number(root: Path, repository: str, number: int) -> str:
    """Return the commit that merged a pull request of OWNER/REPO, or of what origin is; empty when none says so."""
    pattern = rf"^Merge pull request #{number} |\(#{number}\) *$|^See merge request [^ ]*!{number} *$"
    merged = git_log.commits(root, f"--grep={pattern}")
    owners = provenance.owners(root)
    where = {commit.sha: owners.of(commit.sha) for commit in merged if commit.number == number}
    if repository:
        wanted = names.parse_name(repository).full.casefold()
        return next((sha for sha, (_, name) in where.items() if name and name.full.casefold() == wanted), "")
    here = provenance.home(owners.names)
    return next((sha for sha, (remote, _) in where.items() if not here or remote in ("", here)), "")


def _shown(root: Path, sha: str, *, diff: bool) -> Shown:
    author, date, message = git.output(
        root, ["show", "-s", "--encoding=UTF-8", "--no-notes", "--format=%an%x00%aI%x00%B", sha]
    ).split("\0", 2)
    title, _, body = message.strip().partition("\n")
    finding = findings.made(
        f"commit:{sha[:12]}", "commit", title, "", state="commit", date=date, claims=claims.claims_in(message, 6)
    )
    patch = _changes(root, sha, "--patch")[:_PATCH] if diff else ""
    author, body = printable.one_line(author, 60), printable.prose(body).strip()
    return Shown(finding, author, [], body, files=_files(root, sha), diff=printable.prose(patch))


def _files(root: Path, sha: str) -> list[str]:
    """Return a row for each file: its name, lines added and removed."""
    rows = (row.split("\t", 2) for row in _changes(root, sha, "--numstat", "--no-renames").splitlines())
    return [f"{printable.one_line(name, 150)} +{added} -{removed}" for added, removed, name in rows]


def _changes(root: Path, sha: str, *form: str) -> str:
    """Return what a commit changed; of a merge, what it brought to its first parent."""
    return git.output(root, ["show", "--first-parent", "-m", "--format=", "--no-ext-diff", "--no-textconv", *form, sha])
