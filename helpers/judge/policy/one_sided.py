"""Files that one side of the evaluator alone uses: the truth of the checks, the input of the benchmark, a build step.

What makes a program faster is used where it is measured and where it is checked. What only the checks reach can make
nothing faster; what only the benchmark reaches, beside the program, is what it measures with.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from helpers import paths
from helpers.judge.policy import code
from helpers.judge.policy.evaluator_reach import is_driver, is_program
from helpers.judge.policy.file_rules import Level

Said = tuple[str, str, Level]
"""Rule, reason and level."""
SIDES = ((paths.BENCHMARK, paths.HOLDOUT), (paths.CHECKS, paths.OUTPUTS))
"""The scripts that measure, and those that check."""
MOST = 2000
"""Files that are read before a program counts as too large to be told from its evaluator by this."""
_RUN = re.compile(
    r"(?:^|[\s;&|(])(?:(?:(?:ba|z|da)?sh|source|python[\d.]*|perl|ruby|node|php|Rscript)\s+(?:-\w+\s+)*|\./)([\w./-]+)"
)
_BUILDS = re.compile(r"\b(?:make|ninja|cmake|meson|cargo|go|mvn|gradlew?|bazel|scons|dotnet|swift|cabal|stack)\b")
"""What builds a program from files that the command does not name: from all that are compiled."""
_SCRIPTED = ("py", "js", "rb", "pl", "sh", "php", "lua", "r")
_FILE = re.compile(r"[\w@+./-]*\w\.\w+")
_QUOTED = re.compile(r"[\"'`]([\w@./-]+)[\"'`]")
_BROUGHT = re.compile(
    r"(?:\b(?:from|import|use|require|mod)|(?<!\S)-m)[ \t]+([\w.:]+(?:[ \t]*,[ \t]*[\w.]+)*)"
    r"(?:[ \t]+import\b[ \t]*(\([^)]*\)|[\w., \t]+))?"
)
_WHOLE = ("__init__", "index", "mod", "lib")
"""The file that stands for its folder."""


@dataclass(frozen=True)
class Scripts:
    """The text of the protected scripts as locked: of those that measure, of those that check, the build command."""

    measure: str
    check: str
    build: str


class _Tree:
    """The programs of a tree, by what a text may call them."""

    def __init__(self, files: Iterable[str], read: Callable[[list[str]], list[str]]) -> None:
        self.programs = {path for path in files if is_program(path)}
        self._read, self._texts = read, dict[str, str]()
        self._called: dict[str, set[str]] = {}
        for path in self.programs:
            stem = path.rpartition(".")[0] or path
            folder, _, last = stem.rpartition("/")
            for whole in (path, stem, *([folder] if last in _WHOLE else [])):
                for skipped in range(whole.count("/") + 1):
                    self._called.setdefault(whole.split("/", skipped)[-1], set()).add(path)

    def at(self, name: str) -> set[str]:
        """Return the files that a path, or the end of one, stands for."""
        return self._called.get(re.sub(r"^(?:\.*/)+", "", name), set())

    def named(self, text: str) -> set[str]:
        """Return what a text names or imports, rather one too many."""
        names = {*_FILE.findall(text), *_QUOTED.findall(text)}
        for modules, parts in _BROUGHT.findall(text):
            for module in re.split(r"[ \t]*,[ \t]*", modules):
                base = re.sub(r"[.:]+", "/", module).strip("/")
                names |= {base, *(f"{base}/{part}".strip("/") for part in re.findall(r"\w+", parts))}
        return set[str]().union(*map(self.at, names))

    def texts(self, names: Iterable[str]) -> Iterator[str]:
        """Yield what the files hold, each read once."""
        if missing := sorted(set(names := list(names)) - set(self._texts)):
            self._texts.update(zip(missing, self._read(missing), strict=True))
        return (self._texts[path] for path in names)

    def brought(self, names: Iterable[str]) -> set[str]:
        """Return what the files name or import."""
        return set[str]().union(*map(self.named, self.texts(names)))

    def drivers(self, names: Iterable[str]) -> list[str]:
        """Return those of the files that measure or check."""
        names = list(names)
        return [path for path, text in zip(names, self.texts(names), strict=True) if is_driver(path, text.encode())]

    def reached(self, text: str) -> set[str]:
        """Return all that a script reaches, however far away; more than MOST files are all of them."""
        found = new = self.named(text) | {path for path in self.programs if _BUILDS.search(text) and not scripted(path)}
        while new := {path for path in self.brought(path for path in new if scripted(path)) if path not in found}:
            found = found | new
            if len(found) > MOST:
                return self.programs
        return found


def scripted(path: str) -> bool:
    """Tell whether a program is run as it stands: what is compiled may be built by its folder."""
    return code.family_of(path) in _SCRIPTED


def found(
    changed: Iterable[str], known: Scripts, files: Iterable[str], read: Callable[[list[str]], list[str]]
) -> dict[str, Said]:
    """Return what is said of each of the changed files that one side of the evaluator alone uses.

    `files` are those of the locked tree; `read` returns their texts. One level deep: what the scripts name, and what
    that names or imports. Where no program is found that both sides use, nothing can be told, and nothing is said.
    """
    tree = _Tree(files, read)
    steps = {name for path in _RUN.findall(known.build) if (name := path.removeprefix("./")) in tree.programs}
    why = "the build command runs it: what it builds is what is measured"
    said: dict[str, Said] = dict.fromkeys(steps, ("evaluator", why, "refuse"))
    ours = [path for path in changed if path not in steps and path in tree.programs]
    measuring, checking = tree.named(known.measure), tree.named(known.check)
    checked, inputs = checking | tree.brought(checking), tree.brought(tree.drivers(measuring))
    if any(path in checked | inputs for path in ours):
        measure, check = (tree.reached(f"{text}\n{known.build}") for text in (known.measure, known.check))
        both = measure & check
        beside = {path.rpartition("/")[0] for path in both}
        for path in ours if both else ():
            if path in checked - measure:
                sure = path.rpartition("/")[0] not in beside and any(scripted(path) == scripted(each) for each in both)
                reason = "only the checks use it: a change there makes nothing faster"
                said[path] = ("evaluator", reason, "refuse" if sure else "review")
            elif path in inputs - check:
                said[path] = ("evaluator", "only what measures uses it: does it make the input?", "review")
    return said
