"""State that outlives a call in Python, read from its syntax tree: it runs on a bare python3 as well."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

_WRITERS = re.compile(
    "append|add|update|setdefault|extend|insert|pop|popitem|clear|remove|discard|appendleft|push|sort|reverse|__setitem__"
)
_MAKERS = re.compile("dict|list|set|defaultdict|OrderedDict|deque|Counter|Weak(?:Value|Key)Dictionary|bytearray")

_REPEATS = ("map", "starmap", "filter", "fromfunction", "vectorize")


def parsed(text: str) -> ast.Module:
    """Return the syntax tree; an empty one where the text is no Python."""
    try:
        return ast.parse(text.lstrip("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last: brackets nested too deeply
        return ast.Module([], [])


def writing_lines(text: str, old: str = "") -> Iterator[int]:
    """Yield the lines where a function writes what stands outside of it, attributes that `old` had not included."""
    tree, had = parsed(text), set(re.findall(r"\w+", old))
    outer = _outer(tree)
    yield from _made_for_later(tree)
    classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            for default in [*function.args.defaults, *function.args.kw_defaults]:
                if _container(default) or getattr(getattr(default, "func", None), "id", "") in classes:
                    yield function.lineno
                    yield default.lineno if default else function.lineno
            seen = outer - _local(function)
            yield from _written(function, seen | _aliases(function, seen), had)
            yield from (
                line
                for within in _returned(function)
                for line in _written(within, _local(function) - _local(within), had)
            )


def replaced(text: str) -> Iterator[int]:
    """Yield the lines that put something else into a module that the file imports: everybody's, the benchmark's too."""
    tree = parsed(text)
    names = {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    for node in ast.walk(tree):
        target: ast.AST | None = node if isinstance(node, (ast.Attribute, ast.Subscript)) else None
        if target is None or isinstance(getattr(node, "ctx", None), ast.Load):
            continue
        while isinstance(target, (ast.Attribute, ast.Subscript)):
            target = target.value
        if isinstance(target, ast.Name) and target.id in names - {"linecache"}:  # a memo where it holds no source
            yield getattr(node, "lineno", 1)


def _made_for_later(tree: ast.Module) -> Iterator[int]:
    """Yield where a module makes something to be filled, and where a generator waits for what it is sent."""
    body = [part for node in tree.body for part in (node.body if isinstance(node, ast.ClassDef) else [node])]
    for node in body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
            made = [part for part in ast.walk(node.value) if _container(part)]
            filled = [any(getattr(part, inside, None) for inside in ("keys", "elts", "args")) for part in made]
            yield from (node.lineno for full in filled if not full)
    for each in ast.walk(tree):
        if isinstance(each, (ast.Assign, ast.NamedExpr)) and isinstance(each.value, ast.Yield):
            yield each.lineno


def early(text: str) -> Iterator[int]:
    """Yield the lines where a module, while it is imported, calls what is not built in more often than is written."""
    tree = parsed(text)
    for node in tree.body:
        for loop in ast.walk(node) if isinstance(node, (ast.Assign, ast.AnnAssign, ast.For, ast.While)) else ():
            over = [part.iter for part in getattr(loop, "generators", [loop]) if hasattr(part, "iter")]
            called = [part.func for part in ast.walk(loop) if isinstance(part, ast.Call)]
            if isinstance(loop, ast.Call) and getattr(loop.func, "id", getattr(loop.func, "attr", "")) in _REPEATS:
                over, called = loop.args[1:], loop.args[:1]
            if isinstance(loop, ast.While) or any(not isinstance(each, (ast.Tuple, ast.List)) for each in over):
                yield from (each.lineno for each in called if getattr(each, "id", "") not in ("", *dir(builtins)))


def _aliases(function: ast.AST, outer: set[str]) -> set[str]:
    """Return the local names for what stands outside of a function."""
    return {
        name.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in outer
        for name in node.targets
        if isinstance(name, ast.Name)
    }


def _returned(function: ast.AST) -> list[ast.AST]:
    """Return the functions that a function makes and hands out: what they share lives as long as they do."""
    out = {
        n.id for r in ast.walk(function) if isinstance(r, ast.Return) for n in ast.walk(r) if isinstance(n, ast.Name)
    }
    inner = [node for node in ast.walk(function) if isinstance(node, ast.FunctionDef) and node is not function]
    return [node for node in inner if node.name in out]


def _outer(tree: ast.Module) -> set[str]:
    """Return the names that the module's own level binds, its classes' included."""
    found = set()
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return found | {"cls"}


def _local(function: ast.AST) -> set[str]:
    bound = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)} - {"cls"}
    bound |= {alias.asname or alias.name for n in ast.walk(function) if isinstance(n, ast.Import) for alias in n.names}
    free = {n for node in ast.walk(function) if isinstance(node, (ast.Global, ast.Nonlocal)) for n in node.names}
    return bound - free


def _written(function: ast.AST, outer: set[str], had: set[str]) -> Iterator[int]:
    begins = getattr(function, "name", "") in ("__init__", "__new__")
    given = set() if begins else {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    for node in ast.walk(function):
        target: ast.AST | None = None
        own: ast.AST | None = None
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            dunder = isinstance(node, ast.Attribute) and node.attr.startswith("__")
            target = None if dunder else node.value
            own = target if isinstance(target, ast.Attribute) else node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _WRITERS.fullmatch(node.func.attr):
            target = own = node.func.value
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setattr" and node.args:
            target = node.args[0]
            if getattr(target, "id", "") in given:
                yield node.lineno
        if isinstance(own, ast.Attribute) and own.attr not in had and getattr(own.value, "id", "") in given:
            yield own.lineno
        while isinstance(target, (ast.Attribute, ast.Subscript)):
            target = target.value
        if isinstance(target, ast.Name) and target.id in outer:
            yield getattr(node, "lineno", 1)


def _container(node: ast.AST | None) -> bool:
    made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and _MAKERS.fullmatch(node.func.id)
    return bool(made) or isinstance(node, (ast.Dict, ast.List, ast.Set))
