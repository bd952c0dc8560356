"""The policy: what a sealed tree may not contain, whatever it gains.

A violation says refuse (the experiment is out) or review (a reader must look and say why it is honest). It is a fence,
not a proof: the hashes, the checks, the comparison's isolation and the reader are the other layers.
"""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from helpers import paths
from helpers.judge.policy import code, content_rules, evaluator_reach, file_rules, imports, rule_table, tables
from helpers.judge.policy.changes import Change, changes_between
from helpers.judge.policy.evaluator_reach import Named, Project
from helpers.judge.policy.file_rules import Level
from helpers.judge.policy.one_sided import Said

__all__ = ["Change", "Violation", "changes_between", "matches", "violations"]


_OF_MODULES = {"out-of-scope", "off-limits", "embedded-data", "symlink", "submodule", "mode", "capability"}


@dataclass(frozen=True)
class Violation:
    """One thing found: where, by which rule, and whether it is refused or to be reviewed."""

    path: str
    line: int | None
    rule: str
    level: Level
    message: str


def violations(
    changes: Sequence[Change],
    *,
    scope: Sequence[str],
    off_limits: Sequence[str],
    allow: Sequence[str],
    protected: Mapping[str, str],
    present: Mapping[str, str],
    evaluator: str = "",
    project: Project | None = None,
    theirs: Mapping[str, Said] = MappingProxyType({}),
) -> list[Violation]:
    """Return all violations; `protected` and `present` are path to SHA-256, as locked and as in the sealed tree.

    `evaluator` is the text of the protected scripts: what they name is theirs. `project`: its files and manifests.
    `theirs`: files that one side of the evaluator alone uses.
    `allow` entries are `RULE`, `RULE:GLOB` or `GLOB`; nothing opens a protected file.
    """
    found, known = _protected(protected, present), evaluator_reach.named_by(evaluator)
    came = frozenset(" ".join(text.split()) for change in changes for _, text in change.added)
    listed = frozenset(change.path for change in changes if change.old is None)
    gone = {change.path for change in changes if change.new is None}
    project = replace(project, files=(project.files | listed) - gone) if project else None  # a new module is its own
    for change in changes:
        if change.path in paths.PROTECTED or change.path in protected:
            as_locked = present.get(change.path) == protected.get(change.path)  # brought into a copy that is older
            if not as_locked and not any(finding.path == change.path for finding in found):
                found.append(_violation(change.path, "protected", "a protected file was changed"))
            continue
        own = _one(change, scope, off_limits, known, listed, theirs) + _by_content(change, came, project)
        found += [finding for finding in own if not _allowed(finding, allow)]
    return found


def rules() -> list[str]:
    """Return the names of all rules that can be opened: those of the tables, and those of modules."""
    tabled = {rule.kind for rule in rule_table.rules()} | {rule for rule, *_ in file_rules.RULES}
    return sorted(tabled | _OF_MODULES)


def _violation(path: str, rule: str, message: str, level: Level = "refuse", line: int | None = None) -> Violation:
    return Violation(path, line, rule, level, message)


def _protected(protected: Mapping[str, str], present: Mapping[str, str]) -> list[Violation]:
    found = []
    for path in sorted({*protected, *present}):
        if path not in present:
            found.append(_violation(path, "protected", "a protected file is gone"))
        elif path not in protected:
            found.append(_violation(path, "protected", "a file under a protected name that was not there at the lock"))
        elif protected[path] != present[path]:
            found.append(_violation(path, "protected", "a protected file was changed"))
    return found


def _one(
    change: Change,
    scope: Sequence[str],
    off_limits: Sequence[str],
    known: Named,
    listed: frozenset[str],
    theirs: Mapping[str, Said],
) -> list[Violation]:
    path, found = change.path, []
    if scope and not any(matches(path, glob) for glob in scope):
        found.append(_violation(path, "out-of-scope", f"outside of the agreed scope ({', '.join(scope)})"))
    if any(matches(path, glob) for glob in off_limits):
        found.append(_violation(path, "off-limits", "agreed to be off limits"))
    found += _by_kind(change) + ([] if _only_lists(change, listed) else _by_name(change))
    if change.old is None and not (code.family_of(path) or evaluator_reach.is_program(path) or _by_name(change)):
        reason = "a new file that is no program: what is read from it?"
        found.append(_violation(path, "embedded-data", reason, "review"))
    if reached := evaluator_reach.reach(change, known) or theirs.get(path):
        found.append(_violation(path, *reached))
    return found


def _by_content(change: Change, came: frozenset[str], project: Project | None) -> list[Violation]:
    """Return what the added and the deleted lines say: one violation a rule and line, every place of them."""
    if change.binary or change.moved or "160000" in (change.new_mode, change.old_mode):
        return []
    base = change.base if change.base is not None else change.old
    new, old = ((text or b"").decode("utf-8", "replace") for text in (change.new, base))
    places = list(content_rules.added_places(change.path, new, old, change.added))
    own = frozenset(" ".join(text.split()) for _, text in change.added)
    places += content_rules.removed_places(change.path, old, new, came - own)
    reasons = [f"{at.reason}: {at.quoted[:80]}" if at.quoted else at.reason for at in places]
    found = [_violation(change.path, at.kind, why, at.level, at.line) for at, why in zip(places, reasons, strict=True)]
    for number, rule, level, reason in imports.leant_on(change, project) if project else ():
        found.append(_violation(change.path, rule, reason, level, number))
    if change.old is None and project and (other := evaluator_reach.found_instead(change.path, project.files)):
        reason = f"it is found in place of {other}: what of that does it do no more?"
        found.append(_violation(change.path, "shadow", reason, "review"))
    if (place := tables.embedded_data(change.added)) is not None:
        reason = "a table or long text in the source: are these answers computed beforehand?"
        found.append(_violation(change.path, "embedded-data", reason, "review", place))
    return list({(finding.rule, finding.level, finding.line): finding for finding in found}.values())


def _only_lists(change: Change, listed: frozenset[str]) -> bool:
    """Tell whether a build file says what it said before, but for the names of new source files."""
    names = {path.rsplit("/", 1)[-1] for path in listed if code.family_of(path) in ("c", "rs", "go", "java")}
    names |= {name.rpartition(".")[0] + ".o" for name in names}
    if change.old is None or change.new is None or not names:
        return False

    def rest(content: bytes) -> list[str]:
        words = content.decode("utf-8", "replace").replace("\\\n", " ").replace(")", " ) ").split(" ")
        words = " ".join(words).replace("\n", " \n ").split(" ")
        return [word for word in words if word and not (word[0] not in "-@" and word.rsplit("/", 1)[-1] in names)]

    return rest(change.old) == rest(change.new)


def _by_name(change: Change) -> list[Violation]:
    for rule, pattern, level, reason in file_rules.RULES:
        if rule == "shadow" and change.old is not None and ("." not in pattern or pattern[0] == "/"):
            continue  # a script named `time` that was always there, or a library that is the project itself
        path = f"/{change.path}" if pattern[0] == "/" else change.path
        if fnmatch.fnmatchcase(path if "/" in pattern else path.rsplit("/", 1)[-1], pattern):
            return [_violation(change.path, rule, reason, level)]
    return []


def _by_kind(change: Change) -> list[Violation]:
    if "120000" in (change.new_mode, change.old_mode):
        return [_violation(change.path, "symlink", "a symbolic link was added or changed")]
    if "160000" in (change.new_mode, change.old_mode):
        return [_violation(change.path, "submodule", "a submodule points elsewhere")]
    if change.binary:
        return [_violation(change.path, "binary", "a file that is no text cannot be reviewed")]
    if change.old_mode != change.new_mode and "000000" not in (change.old_mode, change.new_mode):
        return [
            _violation(change.path, "mode", f"its mode changed from {change.old_mode} to {change.new_mode}", "review")
        ]
    return []


def _allowed(finding: Violation, allow: Sequence[str]) -> bool:
    for entry in allow:
        rule, _, glob = entry.partition(":")
        if glob and rule == finding.rule and matches(finding.path, glob):
            return True
        if not glob and (entry == finding.rule or matches(finding.path, entry)):
            return True
    return False


def matches(path: str, glob: str) -> bool:
    """Tell whether a path matches: `src/` and `src` mean everything below, a pattern without slash any file's name."""
    glob = glob.removeprefix("./")
    if glob in ("", ".", "*", "**"):
        return True
    if path == glob or path.startswith(glob.rstrip("/") + "/"):
        return True
    if "/" not in glob:
        return fnmatch.fnmatchcase(path.rsplit("/", 1)[-1], glob)
    return fnmatch.fnmatchcase(path, glob) or fnmatch.fnmatchcase(path, glob.replace("**/", ""))
