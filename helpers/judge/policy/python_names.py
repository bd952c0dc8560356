"""What Python's names stand for, by its syntax tree: `s(1)` after `from os import system as s` is `os.system(1)`."""

import ast
import sys
from collections.abc import Iterator

_OWN = frozenset(["exec", "eval", "compile", "globals", "locals", "vars", "open", "breakpoint", "__import__"])
"""What is built in and does more than compute."""
_PARTS = 50
"""Of so many parts at most is a name that something stands for, or a text that is put together."""


def parsed(text: str) -> ast.Module:
    """Return the syntax tree; an empty one where the text is no Python."""
    try:
        return ast.parse(text.lstrip("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last: brackets nested too deeply
        return ast.Module([], [])


def spelled_out(text: str) -> Iterator[tuple[str, int]]:
    """Yield (what a name or attribute stands for and a bracket, line); `?` for a part that only the run knows."""
    tree = parsed(text)
    stands: dict[str, str] = {}
    for node in ast.walk(tree):
        for alias in node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else ():
            prefix, first = f"{getattr(node, 'module', None) or ''}.".lstrip("."), alias.name.split(".")[0]
            stands[alias.asname or first] = _direct(prefix + (alias.name if alias.asname or prefix else first))
    followed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for each in ast.walk(tree):
        if isinstance(each, ast.Assign):
            for target, value in _bound(each.targets[0], each.value):
                followed.add(id(value))
                if (said := _said(value, stands)) and said.rstrip(".?") not in ("", target):
                    stands[target] = said
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in followed:
            modules = sys.stdlib_module_names & {stands.get(node.id)}  # it is handed on
            yield from ((f"{module}.?(", node.lineno) for module in modules)
        if isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)) and (said := _said(node, stands)):
            yield said + "(", node.lineno


def _bound(target: ast.AST, value: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield each name that an assignment binds, with its value."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for name, part in zip(target.elts, value.elts, strict=False):
            yield from _bound(name, part)


def _said(node: ast.AST, stands: dict[str, str], parts: int = _PARTS) -> str:
    """Return the dotted name of what an expression is; empty where it is nothing that was imported or built in."""
    if not parts:
        return ""
    if isinstance(node, ast.Name):
        return stands.get(node.id, node.id if node.id in _OWN else "")
    if isinstance(node, ast.Attribute):
        known = _said(node.value, stands, parts - 1)
        return _direct(f"{known}.{node.attr}") if known else ""
    of: ast.AST | None = None
    key: ast.AST | None = None
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr" and len(node.args) > 1:
        of, key = node.args[0], node.args[1]
    elif isinstance(node, ast.Subscript):
        holder = node.value
        if isinstance(holder, ast.Attribute) and holder.attr == "__dict__":
            of, key = holder.value, node.slice
        elif isinstance(holder, ast.Call) and getattr(holder.func, "id", "") == "vars" and holder.args:
            of, key = holder.args[0], node.slice
    whose = _said(of, stands, parts - 1) if of is not None else ""
    return f"{whose}.{_text(key) or '?'}" if whose and key is not None else ""


def _direct(said: str) -> str:
    """Return the module itself for one that another imports for itself: `os` for `random._os`."""
    module = said.rpartition("._")[2]
    return module if module != said and module in sys.stdlib_module_names else said


def _text(node: ast.AST, parts: int = _PARTS) -> str:
    """Return the text that constants put together make; empty where the run alone knows it."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and parts:
        left, right = _text(node.left, parts - 1), _text(node.right, parts - 1)
        return left + right if left and right else ""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
