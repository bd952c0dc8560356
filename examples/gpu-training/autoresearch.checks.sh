#!/usr/bin/env bash
# The training must be judged by prepare.py: its budget and its evaluation, imported and not replaced.
set -euo pipefail
python3 - <<'PY'
import ast

own = {"evaluate_bpb", "TIME_BUDGET"}
tree = ast.parse(open("train.py").read())
imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == "prepare" for a in n.names}
assert own <= imported, f"train.py does not import {own - imported} from prepare"
for node in ast.walk(tree):
    names = [node.name] if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else []
    names += [node.id] if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) else []
    names += [node.attr] if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) else []
    assert not own & set(names), f"train.py replaces {own & set(names)}"
PY
