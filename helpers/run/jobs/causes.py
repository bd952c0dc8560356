"""What a failed run's output says of its cause, where the way out is known."""

import re
from pathlib import Path

from helpers import printable
from helpers.run.jobs import log

_NETWORK = re.compile(
    "(?i)could not resolve|couldn't resolve|name resolution|name or service not known|network is unreachable"
    r"|\bENOTFOUND\b|EAI_AGAIN|ENETUNREACH|no such host|nodename nor servname|unknownhost|unable to resolve"
    "|bad address ['\"]"
)
_GIT = re.compile(
    r"(?i)not a git repository|unable to detect version|could(?: not|n't) find (?:a git )?repository"
    r"|obtaining VCS status|\.git'? directory (?:is )?not found|access to an upstream git repository"
)
_FULL = re.compile(r"(?i)no space left on|disk quota exceeded|\bENOSPC\b")
_CLOSED = re.compile(r"(?i)read-only file ?system|\bEROFS\b")
FREE_SPACE = "free some space, or name another folder (export TMPDIR=FOLDER)"
_DO = {
    _NETWORK: "benchmark and checks have no network: fetch what they need in the build (--build), or open it before "
    "the lock (start_session.py --network)",
    _GIT: 'a copy has no .git: name the version in the build (--build "VERSION=1.0 make"; setuptools-scm and hatch-vcs '
    "read SETUPTOOLS_SCM_PRETEND_VERSION, pbr PBR_VERSION, vergen VERGEN_IDEMPOTENT=1), or in a file that is tracked",
    _FULL: f"the disk is full where runs work: {FREE_SPACE}",
    _CLOSED: "a run writes into its copy, HOME and TMPDIR only",
}


def known_cause(*files: Path, offline: bool) -> str:
    """Return what to do where one of these outputs names a known cause, and the line that does; else nothing.

    `offline`: the run had no network.
    """
    for file in files:
        lines = log.last_lines(file)
        for pattern, do in _DO.items():
            found = next((text for text in lines if pattern.search(text)), "")
            if found and (offline or pattern is not _NETWORK):
                return f"; {printable.one_line(found, 160)!r}: {do}"
    return ""
