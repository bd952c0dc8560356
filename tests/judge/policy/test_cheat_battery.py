"""The cheats of benchmarks/cheats.yaml that the policy has to see are seen by the rule that the table names.

The others need measurements: benchmarks/cheats.py runs them all and fails when one could be kept.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers import paths
from helpers.judge.policy import check, code
from helpers.judge.policy.changes import added_lines
from helpers.judge.policy.check import Change

BUNDLE = Path(__file__).resolve().parent.parent.parent.parent
sys.path.insert(0, str(BUNDLE / "benchmarks"))

import cheats  # noqa: E402

TARGET = BUNDLE / "examples" / "target"
CHEATS = yaml.safe_load((BUNDLE / "benchmarks" / "cheats.yaml").read_text())
SEEN = [cheat for cheat in CHEATS if "edit" in cheat and cheat["layer"].startswith(("policy:", "reader:"))]


def read(path: str) -> bytes | None:
    """Return a file of the target."""
    file = TARGET / path
    return file.read_bytes() if file.is_file() else None


def edited(edit: dict[str, Any], old: bytes | None) -> bytes | None:
    """Return the content that an edit leaves."""
    if "find" in edit:
        assert old is not None
        assert 1 == old.decode().count(edit["find"])
        return bytes(old.replace(edit["find"].encode(), edit["replace"].encode()))
    if "numbers" in edit:
        return b"int known[] = {" + b"1, 2, 3,\n" * edit["numbers"] + b"};\n"
    return b"\x7fELF\0" if "binary" in edit else str(edit.get("link", edit.get("content", ""))).encode()


def change(path: str, edits: list[dict[str, Any]]) -> Change:
    """Return the change that the edits of one file make."""
    old = new = read(path)
    for edit in edits:
        new = None if "delete" in edit else edited(edit, new)
    mode = "120000" if any("link" in edit for edit in edits) else "100644"
    return Change(path, "100644" if old is not None else "000000", mode, old, new, added_lines(old, new))


def test_there_are_enough_of_them() -> None:
    """At least a hundred and fifty, of every layer."""
    assert 150 <= len(CHEATS)
    assert {"checks", "output", "holdout", "void", "crash", "no-gain", "reader", "policy"} == {
        c["layer"].partition(":")[0] for c in CHEATS
    }


@pytest.mark.parametrize("cheat", SEEN, ids=lambda cheat: cheat["name"])
def test_seen_by_the_rule_that_means_it(cheat: dict[str, Any]) -> None:
    """A refused one is refused by its rule; one for a reader is flagged at a place."""
    by_path: dict[str, list[dict[str, Any]]] = {}
    for edit in cheat["edit"]:
        by_path.setdefault(edit["file"], []).append(edit)
    changes = [change(path, edits) for path, edits in by_path.items()]
    before = {name: hashlib.sha256(content).hexdigest() for name in paths.PROTECTED if (content := read(name))}
    after = {
        c.path: hashlib.sha256(c.new).hexdigest() for c in changes if c.path in paths.PROTECTED and c.new is not None
    }
    gone = {c.path for c in changes if c.new is None}
    present = {name: digest for name, digest in {**before, **after}.items() if name not in gone}
    scope = ["src/"] if cheat["layer"] == "policy:out-of-scope" else []

    evaluator = "\n".join(content.decode() for name in paths.COMMITTED if (content := read(name)))

    found = check.violations(
        changes, scope=scope, off_limits=[], allow=[], protected=before, present=present, evaluator=evaluator
    )

    kind, _, rule = cheat["layer"].partition(":")
    assert (rule, "refuse" if kind == "policy" else "review") in {(f.rule, f.level) for f in found}


def said(case: dict[str, Any], old: str) -> set[tuple[str, str]]:
    """Return (kind, level) of what the policy says of a case."""
    new = case["new"] + (old if "layer" not in case and "old" not in case else "")
    return {(v.rule, v.level) for v in cheats.judged(case["path"], old, new)}


@pytest.mark.parametrize("lexer", ["pygments", "bare"])
def test_small_cases(lexer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every small cheat is flagged by its kind and no honest change refused, with Pygments and on a bare python3."""
    if lexer == "bare":
        monkeypatch.setattr(code, "_pygments", lambda: None)
    code.source.cache_clear()
    kinds = {c["name"]: (c["layer"][7:], {kind for kind, _ in said(c, c["old"])}) for c in CHEATS if "path" in c}
    honest = {c["new"]: said(c, c.get("old", "")) for c in cheats.data("honest.yaml")}
    code.source.cache_clear()

    assert [] == [name for name, (kind, found) in kinds.items() if kind not in found]
    assert [] == [text for text, found in honest.items() if "refuse" in {level for _, level in found}]
