"""A JSON object as a frozen dataclass: one reader and one writer, for which no key is missing and none is lost."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar, NamedTuple, TypeVar

from helpers import console

TOO_LARGE = 1e300
"""No number of a line is that large: what is computed from two of them must be finite."""
_TYPES: dict[str, type] = {"str": str, "bool": bool, "int": int, "float": float}
_set = object.__setattr__
_texts: dict[str, str] = {}
"""Texts of the lines before, held once: the next ones have them too. Few, so that they lie in the processor's cache."""
MOST_TEXTS = 1000
Reader = Callable[[Any], Any]
L = TypeVar("L", bound="TypedLine")
E = TypeVar("E", bound="Event")


class _Field(NamedTuple):
    """A field of a class, as its attribute: read from the line when it is first asked for, since most never are."""

    name: str
    key: str
    read: Reader
    default: Callable[[], Any]
    always: bool

    def __get__(self, its: TypedLine | None, owner: type[TypedLine]) -> Any:  # noqa: ANN401 - of any type
        name, key, read, default, _ = self
        if its is None:
            return default()
        value = read(its.line[key]) if key in its.line else MISSING
        if value is MISSING:
            value = default()
        _set(its, name, value)
        return value


@dataclass(frozen=True, kw_only=True)
class TypedLine:
    """A JSON object with typed fields: str, bool, int, float, lists and dicts of these, or other typed lines.

    What is missing, or of another type than the field's, reads as the field's default. A field without a default is
    always written; any other where it says something.
    """

    KEYS: ClassVar[dict[str, str]] = {}
    """Field to key, where they differ."""
    line: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The object as it was read, never changed: what no field reads survives in it."""

    @classmethod
    def from_line(cls: type[L], line: dict[str, Any]) -> L:
        """Read any JSON object."""
        _fields(cls)
        made = object.__new__(cls)  # the frozen __init__ would want every field
        _set(made, "line", line)
        return made

    def to_line(self) -> dict[str, Any]:
        """Return the JSON object: as it was read but for the fields that were replaced since."""
        line = {**self.line}
        for key, its in _fields(type(self)).items():
            value, before = getattr(self, its.name), its.read(line[key]) if key in line else MISSING
            known = its.default() if before is MISSING else before
            if value != known or (not self.line and (its.always or value)):
                line[key] = [_plain(each) for each in value] if isinstance(value, list) else _plain(value)
        return line


@dataclass(frozen=True, kw_only=True)
class Event(TypedLine):
    """Any line of the journal; `timestamp` is milliseconds since the epoch, given when it is appended."""

    TYPE: ClassVar[str] = ""
    KEPT: ClassVar[str] = ""
    """Fields that are held of an event of which there are many; for the others its line is read again."""
    timestamp: int = 0

    @classmethod
    def of(cls: type[E], line: dict[str, Any]) -> E:
        """Make an event of this type from the keys that it says."""
        return cls.from_line({"type": cls.TYPE, **line} if cls.TYPE else line)

    @classmethod
    def remembered(cls: type[E], line: dict[str, Any], again: Callable[[int], dict[str, Any]], at: int) -> E:
        """Make an event that holds its KEPT fields; its line, `again(at)`, is read when another is asked for."""
        made = object.__new__(cls)
        its = made.__dict__
        get, once = line.get, _texts.setdefault
        if len(_texts) > MOST_TEXTS:
            _texts.clear()
        for name, key, only, read, default in _kept(cls):
            value = get(key, MISSING)
            if type(value) is only is str:
                its[name] = once(value, value)
                continue
            value = value if value is MISSING or type(value) is only else read(value)
            its[name] = default() if value is MISSING else value
        its["_again"], its["_at"] = again, at
        return made

    @classmethod
    def recalled(cls: type[E], values: Iterable[Any], again: Callable[[int], dict[str, Any]], at: int) -> E:
        """Make the same from the values of the KEPT fields, in the order of `kept`."""
        made = object.__new__(cls)
        its = dict(zip(_kept_names(cls), values, strict=True))
        its["_again"], its["_at"] = again, at
        _set(made, "__dict__", its)
        return made

    @classmethod
    def kept(cls) -> list[str]:
        """Return the names of the KEPT fields, in the order in which their values are told."""
        return _kept_names(cls)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the field holds
        """Return the line of an event that is remembered: from here on it is held."""
        if name != "line" or "_at" not in self.__dict__:
            raise AttributeError(name)
        line = self.__dict__["_again"](self.__dict__["_at"])
        line |= {"timestamp": self.timestamp} if "timestamp" in line else {}
        whole = type(self).from_line(line)
        if any(getattr(whole, its[0]) != getattr(self, its[0]) for its in _kept(type(self))):
            raise console.outside("the journal was changed while it was read", "run the same command again")
        self.__dict__["line"] = line
        return line

    def to_line(self) -> dict[str, Any]:
        """Return the JSON object."""
        return super().to_line() if self.line or not self.TYPE else {"type": self.TYPE, **super().to_line()}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a JSON value, or a line with one
    return value.to_line() if isinstance(value, TypedLine) else value


def _read_fields(cls: type[TypedLine]) -> dict[str, _Field]:
    names, found = vars(sys.modules[cls.__module__]), {}
    for each in fields(cls):
        if each.name != "line":
            kind, key = str(each.type), cls.KEYS.get(each.name, each.name)
            always = each.default is MISSING and each.default_factory is MISSING
            read = _reader(kind.removesuffix(" | None"), names)
            found[key] = _Field(each.name, key, read, _default(each, kind), always)
    for its in found.values():
        setattr(cls, its.name, its)
    return found


_fields: Callable[[Any], dict[str, _Field]] = functools.cache(_read_fields)
"""Key to field of a class, whose attributes they are from then on."""


def _read_kept(cls: type[Event]) -> list[tuple[str, str, type | None, Reader, Callable[[], Any]]]:
    kinds = {each.name: _TYPES.get(str(each.type)) for each in fields(cls)}
    kept = [its for its in _fields(cls).values() if its.name in cls.KEPT.split()]
    return [
        (its.name, its.key, None if kinds[its.name] is float else kinds[its.name], its.read, its.default)
        for its in kept
    ]


_kept: Callable[[Any], list[tuple[str, str, type | None, Reader, Callable[[], Any]]]] = functools.cache(_read_kept)
_kept_names: Callable[[Any], list[str]] = functools.cache(lambda cls: [its[0] for its in _kept(cls)])


def _default(its: Field[Any], kind: str) -> Callable[[], Any]:
    """Return what makes the value of a field that the line does not hold."""
    if its.default_factory is not MISSING:
        return its.default_factory
    if its.default is not MISSING:
        return lambda: its.default
    if kind.endswith(" | None"):
        return lambda: None
    return {"list": list, "dict": dict, **_TYPES}[kind.partition("[")[0]]


def _reader(kind: str, names: dict[str, Any]) -> Reader:
    """Return what turns a JSON value into one of `kind`, or into MISSING where it is of another."""
    outer, _, inner = kind.removesuffix("]").partition("[")
    if outer in names:
        return lambda value: names[outer].from_line(value) if type(value) is dict else MISSING
    fits = _fits(inner.split(", ")[-1] if inner else outer)
    if outer == "dict":
        rest = (lambda v: v) if inner.endswith("Any") else (lambda v: {k: x for k, x in v.items() if fits((x,))})
        return lambda v: rest(v) if type(v) is dict else MISSING
    if outer == "list" and isinstance(names.get(inner), type) and issubclass(names[inner], TypedLine):
        each = names[inner].from_line
        return lambda v: [each(x if type(x) is dict else {}) for x in v] if type(v) is list else MISSING
    if outer == "list":
        return lambda v: v if type(v) is list and fits(v) else MISSING
    if outer == "tuple":
        return lambda v: tuple(v) if type(v) is list and fits(v) and len(v) == inner.count(",") + 1 else MISSING
    if outer == "float":
        return lambda v: v if fits((v,)) else MISSING
    only = _TYPES[outer]  # most fields: no generator for a single value
    return lambda v: v if type(v) is only else MISSING


def _fits(kind: str) -> Callable[[Iterable[Any]], bool]:
    """Return what tells whether all values are of a kind; a number is finite, or it is none."""
    if kind == "Any":
        return lambda _: True
    if kind == "float":
        return lambda values: all(type(v) in (int, float) and abs(v) < TOO_LARGE for v in values)
    return lambda values: all(type(v) is _TYPES[kind] for v in values)
