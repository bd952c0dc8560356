"""The guard applied to a sealed experiment of the session, and its words."""

from __future__ import annotations

import hashlib

from helpers import console, git_objects, paths
from helpers.judge.policy import check
from helpers.judge.policy.check import Violation
from helpers.run.copies.copies import Sealed, Workdirs
from helpers.state import State


def violations(work: Workdirs, sealed: Sealed, now: State, trees: tuple[str, str] | None = None) -> list[Violation]:
    """Return everything that the guard has to say of the sealed tree, refusals first.

    `trees`: the two that were measured, where they are known; else from where the copy began to the sealed one.
    """
    changes = check.changes_between(work.root, *(trees or (work.origin(sealed.name).tree, sealed.tree)))
    found = check.violations(
        changes,
        scope=now.config.get("scope") or [],
        off_limits=now.config.get("offLimits") or [],
        allow=now.allow,
        protected=now.protected,
        present=protected_hashes(work, trees[1] if trees else sealed.tree),
        evaluator=evaluator_text(work, now),
    )
    return sorted(found, key=lambda finding: (finding.level != "refuse", finding.path, finding.line or 0))


def protected_hashes(work: Workdirs, tree: str) -> dict[str, str]:
    """Return path to SHA-256 of the protected files that the tree holds."""
    contents = git_objects.blobs(work.root, [f"{tree}:{name}" for name in paths.PROTECTED])
    held = zip(paths.PROTECTED, contents, strict=True)
    return {name: hashlib.sha256(content).hexdigest() for name, content in held if content is not None}


def evaluator_text(work: Workdirs, now: State) -> str:
    """Return the text of the protected scripts, as they were locked."""
    tree = str(now.require_lock()["tree"])
    texts = git_objects.blobs(work.root, [f"{tree}:{name}" for name in paths.COMMITTED])
    return "\n".join((text or b"").decode("utf-8", "replace") for text in texts)


def require_allowed(
    work: Workdirs, sealed: Sealed, now: State, trees: tuple[str, str] | None = None
) -> list[Violation]:
    """Raise Failure (4) when the guard refuses the experiment; return what is left to review."""
    found = violations(work, sealed, now, trees)
    bad = [finding for finding in found if finding.level == "refuse"]
    if bad:
        lines = "\n  ".join(violation_line(finding) for finding in bad[:10])
        opens = [finding for finding in bad if finding.rule != "protected"]
        do = "take it out of the experiment"
        if len(opens) == len(bad):
            do += (
                "; only the person opens what is closed: "
                f"start_session.py --goal {now.config['name']} --allow {opens[0].rule}:{opens[0].path}"
            )
        raise console.refused(f"the guard refuses {sealed.name}:\n  {lines}", do)
    return found


def violation_line(finding: Violation) -> str:
    """Return one finding as a line: level, place, rule, reason."""
    place = finding.path + (f":{finding.line}" if finding.line else "")
    return f"{finding.level}: {place}: {finding.message} [{finding.rule}]"
