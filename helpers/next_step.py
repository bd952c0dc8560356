"""Commands that a script prints: they work when pasted where the script was run. And "did you mean"."""

import argparse
import os
import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from helpers import printable

_BUNDLE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - pathlib drops a leading ./
_SCRIPT = re.compile(r"(?<!\S)(?:(?:python3 )?([a-z_]+\.py)|(?:bash )?(setup\.sh))(?=[\s,;]|$)")


def runnable(text: str) -> str:
    """Return `text` with each command of ours in it (`compare.py exp-07`) as it can be run from the current folder.

    Write a command on a line of its own, with what is to be said of it behind two blanks and a #.
    """

    def call(found: re.Match[str]) -> str:
        if found[2]:
            return f"bash {shlex.quote(_place('setup.sh'))}"
        known = os.path.exists(os.path.join(_BUNDLE, "scripts", found[1]))  # noqa: PTH110, PTH118
        return f"python3 {shlex.quote(_place('scripts/' + found[1]))}" if known else found[0]

    return _SCRIPT.sub(call, text)


def path(root: Path, name: str) -> str:
    """Return a file of the repository as a command names it from the current folder, be that below the top one."""
    return os.path.relpath(root / name) if Path.cwd().is_relative_to(root) else name


def _place(name: str) -> str:
    """Return the shortest path of the bundle's file `name`: as the caller wrote it, relative, or whole."""
    whole = os.path.join(_BUNDLE, name)  # noqa: PTH118
    typed = os.path.join(os.path.dirname(os.path.dirname(sys.argv[0])), name)  # noqa: PTH118, PTH120
    ways = [way for way in (typed, os.path.relpath(whole), whole) if os.path.exists(way)]  # noqa: PTH110
    shortest = min((way for way in ways if os.path.samefile(way, whole)), key=len, default=whole)  # noqa: PTH121
    return f"./{shortest}" if shortest.startswith("-") else shortest


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean ...?" for the known name that is most like `name`, else nothing."""
    import difflib  # a millisecond, which only a mistake should cost

    close = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]}?" if close else ""


class Parser(argparse.ArgumentParser):
    """An argument parser that says which verb, flag or choice may have been meant."""

    def error(self, message: str) -> NoReturn:
        """End with exit 2, what was wrong and what may have been meant."""
        choices = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message, re.DOTALL)
        if choices:
            known = [word.strip(" '") for word in choices[2].split(",")]
            message += did_you_mean(choices[1], known)
        elif message.startswith("unrecognized arguments: --"):
            flag, known_flags = message.split()[2].partition("=")[0], self._flags()
            message += "; another verb has it" if flag in known_flags else did_you_mean(flag, known_flags)
        super().error(printable.flat(message))  # words of the caller begin no line

    def _flags(self) -> set[str]:
        verbs = [action.choices for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        inner = [verb._flags() for named in verbs for verb in named.values()]
        return set().union(self._option_string_actions, *inner)
