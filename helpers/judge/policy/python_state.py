"""State that outlives a call in Python, read from its syntax tree: it runs on a bare python3 as well.

No list of writers: what stands outside of a function and can change may be looked into there, and nothing else. A
store, a method that no immutable type has, another name for it, a call that is given it: each may write.
"""

import ast
import builtins
import functools
import re
from collections import deque
from collections.abc import Iterator
from types import MappingProxyType

from helpers.judge.policy.python_names import parsed

_READS = {"fromkeys"}.union(*map(dir, (str, bytes, tuple, frozenset, range, float, MappingProxyType, re.Pattern)))
_CHANGES = set().union(*map(dir, (list, dict, set, bytearray, deque))) - _READS
"""What an immutable type can do changes nothing; what only a mutable one can do does."""
_IN_PLACE = re.compile(
    r"heap(?!q$)\w+|insort\w*|shuffle|(?:set|del)(?:item|attr)|\w{1,80}_into|__(?:set|del)\w+__|next"
)
"""Functions of the standard library that change what they are given."""
_FIXED = re.compile(
    r"compile|Struct|\w{0,80}[gG]etter|methodcaller|namedtuple|TypeVar|NewType|getLogger|MappingProxyType|Path|Decimal|"
    r"Fraction|frozenset|tuple|str|bytes|int|float|object|range|len|maketrans|join|fromkeys"
)
"""What makes something that nobody can change, or a table for reading."""
_OPEN = re.compile("Dict|List|Set|(?:List|Set|Dict)Comp|GeneratorExp|Attribute|Subscript|arg")
_HANDS_ON = re.compile("Assign|AnnAssign|NamedExpr|Return|Yield|Tuple|List|Dict|IfExp|Match|arguments")
"""Nodes by their names: what can change, and what gives a thing another name or holder."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BEGINS = ("__init__", "__new__", "__post_init__", "__setstate__")
_DEEP = 12
"""Parts of parts that are followed: a chain costs no more than its length."""

Whose = tuple[str, str]
"""outer, module (imported), thing (a class or function), given, or field of what is given; and its name."""


def writing_lines(text: str, old: str = "") -> Iterator[int]:
    """Yield the lines that may write, or make, what outlives a call; of what is given, what `old` did not change."""
    known = {whose for _, whose in _found(old) if whose[0] in ("given", "field")}
    yield from (line for line, whose in _found(text) if whose not in known)


def replaced(text: str) -> Iterator[int]:
    """Yield the lines that put something else into a module that the file imports: everybody's, the benchmark's too."""
    yield from (line for line, (kind, name) in _found(text) if kind == "module" and name != "linecache")


@functools.lru_cache(maxsize=4)
def _found(text: str) -> list[tuple[int, Whose]]:
    return list(_Reader(text).found())


class _Reader:
    """A file's nodes: what is above each, the scope that it runs in, and what a scope binds and hands out."""

    def __init__(self, text: str) -> None:
        tree = parsed(text)
        self.above: dict[ast.AST, ast.AST] = {}
        self.scope: dict[ast.AST, ast.AST] = {tree: tree}
        self.bound: dict[ast.AST, dict[str, list[ast.AST]]] = {tree: {}}
        self.out: dict[ast.AST, set[str | ast.AST]] = {}
        self.held: dict[int, bool] = {}
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.above[child], self.scope[child] = node, node if node in self.bound else self.scope[node]
                if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
                    self.bound[child] = {}
            self._bind(node, self.bound[self.scope[node]])

    def _bind(self, node: ast.AST, names: dict[str, list[ast.AST]]) -> None:
        """Note what a node binds, and what it hands out of its function."""
        value = next((its for key in ("value", "iter", "context_expr") if (its := getattr(node, key, None))), None)
        targets = getattr(node, "targets", [getattr(node, "target", getattr(node, "optional_vars", None))])
        for each in (each for target in targets if target for each in ast.walk(target)):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                names.setdefault(each.id, []).append(value or node)
        name = getattr(node, "asname", None) or getattr(node, "name", None) or (isinstance(node, ast.arg) and node.arg)
        if isinstance(name, str):
            names.setdefault(name.split(".")[0], []).append(node)
        if isinstance(node, (ast.Return, ast.Yield, ast.Assign, ast.Lambda)):
            given = node.body if isinstance(node, ast.Lambda) else node.value
            kept = isinstance(given, ast.Name) or not all(isinstance(target, ast.Name) for target in targets)
            out = self.out.setdefault(node if isinstance(node, ast.Lambda) else self.scope[node], set())
            out |= {getattr(part, "id", part) for part in ast.walk(given)} if given and kept else set()

    def _fixed(self, value: ast.AST, deep: int) -> bool:
        """Tell whether nobody can change what a value makes."""
        left = [value]
        while left:  # no recursion: a text may be put together from a thousand parts
            part = left.pop()
            if isinstance(part, ast.Call):
                fixed = bool(_FIXED.fullmatch(_name(part.func)))
            elif isinstance(part, ast.Name):
                fixed = (self.whose(part, deep + 1) or ("thing",))[0] in ("thing", "module")
            else:
                fixed = not _OPEN.fullmatch(type(part).__name__)
                inner = [] if isinstance(part, ast.Lambda) else ast.iter_child_nodes(part)
                left += [each for each in inner if isinstance(each, ast.expr)]
            if not fixed:
                return False
        return True

    def whose(self, node: ast.AST, deep: int = 0) -> Whose | None:
        """Return whose the object is that an expression stands for; None where it is the function's own, or fixed."""
        if isinstance(node, ast.Name):
            return self._named(node.id, self.scope[node], deep) if deep < _DEEP else None
        part = isinstance(node, ast.Attribute) or (
            isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice)
        )
        of = self.whose(node.value, deep + 1) if part and deep < _DEEP else None  # type: ignore[attr-defined]
        return ("field", node.attr) if isinstance(node, ast.Attribute) and of and of[0] in ("given", "field") else of

    def _named(self, name: str, scope: ast.AST, deep: int = 0) -> Whose | None:
        at = below = scope
        while name not in self.bound[at] or (at is not scope and isinstance(at, ast.ClassDef)):
            if isinstance(at, ast.Module):
                return None
            below, at = at, self.scope[at]
        values = self.bound[at][name]
        kept = at is not scope and {getattr(below, "name", ""), below} & self.out.get(at, set())
        if isinstance(values[0], (ast.alias, *_FUNCTIONS, ast.ClassDef)):
            return ("module" if isinstance(values[0], ast.alias) else "thing", name)
        if kept or not isinstance(at, _FUNCTIONS):
            if id(values) not in self.held:
                self.held[id(values)] = False  # where it is bound to itself
                self.held[id(values)] = not all(self._fixed(value, deep) for value in values)
            return ("outer", name) if self.held[id(values)] else None
        if isinstance(values[0], ast.arg):
            return ("given", name)
        return self.whose(values[0], deep + 1) if len(values) == 1 else None

    def found(self) -> Iterator[tuple[int, Whose]]:
        """Yield (line, whose it is) of what may change what is there before or after the call."""
        changed: set[str] = set()
        for node, scope in self.scope.items():
            its: list[Whose | None] = []
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                its = [("outer", name) for name in node.names if name in self.bound[scope]]
            elif isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
                its = [self.whose(node.value if isinstance(node, ast.Subscript) else node)]
                its = its if its[0] and self._may_change(node, its[0][0], isinstance(scope, _FUNCTIONS)) else []
            for kind, name in filter(None, its):
                if kind not in ("given", "field") or getattr(scope, "name", "") not in _BEGINS:
                    changed |= {name} if kind == "outer" else set()
                    read = kind == "module" and isinstance(getattr(node, "ctx", None), ast.Load)
                    yield getattr(node, "lineno", 1), ("thing" if read else kind, name)
        for scope, names in self.bound.items():
            own = [name for name in names if isinstance(scope, ast.ClassDef) and name[:2] != "__"]
            for name in {*own, *changed} & names.keys():
                made = name in changed or self._named(name, scope) == ("outer", name)
                yield from ((getattr(value, "lineno", 1), ("outer", name)) for value in names[name] if made)

    def _may_change(self, node: ast.expr, kind: str, later: bool) -> bool:
        """Tell whether the place where a name stands may change the object that it is for."""
        up = self.above[node]
        if not isinstance(getattr(node, "ctx", None), ast.Load):
            plain = isinstance(node, ast.Name) or getattr(node, "attr", "").startswith("__")
            return (later or kind == "module") and not plain
        call = self.above.get(up)
        called = isinstance(call, ast.Call) and call.func is up
        direct = later and kind == "outer" and isinstance(node, ast.Name)
        if isinstance(up, ast.Attribute) and not isinstance(node, ast.Subscript):
            return (up.attr in _CHANGES and (later or not called)) or (direct and called and up.attr not in _READS)
        up = call if isinstance(up, ast.keyword) and call else up
        if isinstance(up, ast.Call) and node is not up.func:
            name, of = _name(up.func), _name(getattr(up.func, "value", None))
            if _IN_PLACE.fullmatch(name) or (name in _CHANGES and hasattr(builtins, of)):
                return later
            return direct and not (name in _READS if of else hasattr(builtins, name) and name != "memoryview")
        test = node in (getattr(up, "annotation", 0), getattr(up, "test", 0))
        return direct and not test and bool(_HANDS_ON.fullmatch(type(up).__name__))


def _name(node: ast.AST | None) -> str:
    """Return the last name of a dotted one."""
    return str(getattr(node, "attr", getattr(node, "id", "")))
