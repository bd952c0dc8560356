"""The templates of the outputs script: one seed, the same answers; other answers where a program is subtly wrong."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import BUNDLE

from helpers.judge.measure import answers
from helpers.judge.measure.answers import Tolerance

PYTHON = """\
def merge(rows, more=None):
    if not isinstance(rows, list):
        raise TypeError("rows")
    return sorted(str(x) for x in rows) + list(more or ())
"""
OBJECT = """\
class Cache:
    def __init__(self, size):
        self._held, self._size = {}, size
    def put(self, key, value):
        self._held.pop(key, None)
        self._held[key] = value
        if len(self._held) > self._size:
            del self._held[next(iter(self._held))]
        return self
    def get(self, key):
        self._held[key] = value = self._held.pop(key)
        return value
    def __len__(self):
        return len(self._held)
    def __iter__(self):
        return iter(list(self._held))
"""
SHARES = """\
EMPTY = {"n": 0}
def copied(rows):
    return {"rows": [list(r) if isinstance(r, list) else r for r in rows], "none": [dict(EMPTY) for _ in rows]}
"""
FORBIDS = """\
import re
def quoted(text):
    if found := re.search("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]", text):
        raise ValueError(found.start())
    return repr(text)
"""
JAVASCRIPT = """\
class _held {}
exports.hung = (text, options) => { options.tokenizer = new _held(); return text + text }
exports.graph = text => {
  const node = depth => {
    const own = { depth, left: depth && node(depth - 1), right: depth && node(depth - 1), held: Object.seal([1]) }
    for (const child of [own.left, own.right]) if (child) child.parent = own
    return own
  }
  return { constructor: { toString: 1 }, get late () { throw new Error('looked at') }, root: node(5) }
}
exports.copied = rows => rows.map(row => Array.isArray(row) ? row.slice() : [row])
exports.total = list => list.reduce((a, b) => a + b, 0)
exports.name = it => String(it).trim().toLowerCase()
"""
C = """\
#include "line.h"
long line_end(unsigned char *out, unsigned long room, const unsigned char *text, unsigned long n, long long from) {
  unsigned long i = from < 0 ? 0 : (unsigned long)from;
  while (i < n && text[i] != 'b') i++;
  if (room && n) out[0] = text[n - 1];
  return (long)i;
}
"""
COMMAND = r"""
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) {
  long words = 0, size = 0, most = 0, c, last = '\n';
  while ((c = getchar()) != EOF) {
    size = c == ' ' || c == '\n' || c == '\t' ? 0 : size + 1;
    words += size == 1;
    most = size > most ? size : most;
    last = c;
  }
  printf("%ld\n", argc > 1 && !strcmp(argv[1], "--count") ? words : most);
  if (last != '\n') fprintf(stderr, "no end of line\n");
  return last != '\n';
}
"""
CASES = {
    "python": (
        "made.py",
        PYTHON,
        {
            '("MODULE:FUNCTION", lambda: call(text())),': '("made:merge", lambda: call(value(), value())),',
            '("MODULE:FUNCTION", lambda: call(value(), indent=r.choice([None, 0, 2]))),': "",
            "CASES = 150": "CASES = 200",
        },
        [
            ("return sorted(", "rows[:] = sorted(map(str, rows))\n    return rows + list(more or ()) or sorted("),
            ("list(more or ())", "list(() if more is None else more)"),
            (
                "    if not isinstance(rows, list):\n        raise TypeError",
                "    if rows is None:\n        raise TypeError",
            ),
            ("raise TypeError", "raise ValueError"),
            ("def merge", "kept = {}\ndef merge(*a):\n    return kept.setdefault(repr(a), other(*a))\ndef other"),
        ],
    ),
    "python, what is shared": (
        "made.py",
        SHARES,
        {
            '("MODULE:FUNCTION", lambda: call(text())),': '("made:copied", lambda: call(value())),',
            '("MODULE:FUNCTION", lambda: call(value(), indent=r.choice([None, 0, 2]))),': "",
        },
        [
            ("[list(r) if isinstance(r, list) else r for r in rows]", "list(rows)"),
            ("[dict(EMPTY) for _ in rows]", "[dict(EMPTY)] * len([_ for _ in rows])"),
            ("dict(EMPTY)", "EMPTY"),
        ],
    ),
    "python, what a format forbids": (
        "made.py",
        FORBIDS,
        {
            '("MODULE:FUNCTION", lambda: call(text())),': '("made:quoted", lambda: call(text())),',
            '("MODULE:FUNCTION", lambda: call(value(), indent=r.choice([None, 0, 2]))),': "",
        },
        [("\\x7f]", "]"), ("\\x0e-\\x1f", "")],
    ),
    "python, an object": (
        "made.py",
        OBJECT,
        {
            '("MODULE:FUNCTION", lambda: call(text())),': """("made:Cache", lambda: call(r.randrange(1, 4)), {
                "put": lambda: call(r.choice("abcd"), number()), "get": lambda: call(r.choice("abcd")),
                "__len__": lambda: call(), "__iter__": lambda: call()}),""",
            '("MODULE:FUNCTION", lambda: call(value(), indent=r.choice([None, 0, 2]))),': "",
        },
        [
            ("self._held[key] = value = self._held.pop(key)", "value = self._held[key]"),
            ("        self._held.pop(key, None)\n", ""),
            ("> self._size", ">= self._size + 2"),
            ("self._held.pop(key)", "self._held.pop(key, None)"),
            ("        return self\n", ""),
        ],
    ),
    "javascript": (
        "made.js",
        JAVASCRIPT,
        {
            "MODULE.js": "made.js",
            "'FUNCTION', () => [text(), pick([undefined, {}, { option: true }])]": "'copied', () => [[value(), [1]]]],"
            "['hung', () => [text(), {}]],"
            "['graph', () => [text()]",
        },
        [
            ("row.slice()", "row"),
            ("String(it).trim()", "it.trim()"),
            ("String(it).trim().toLowerCase()", "it === undefined ? '' : String(it).trim().toLowerCase()"),
            ("a + b, 0", "a + b"),
            ("list.reduce((a, b) => a + b, 0)", "{ let t = 0; for (const x of list) t += x; return t }"),
        ],
    ),
    "c": (
        "line.c",
        C,
        {"src/LIBRARY.c": "line.c", "-Isrc": "-I.", "LIBRARY.h": "line.h", "FUNCTION": "line_end"},
        [
            ("i < n &&", "i + 1 < n &&"),
            ("from < 0 ? 0 :", ""),
            ("if (room && n)", "if (n)\n  out[room] = text[0];\n  if (room && n)"),
            ("room && n", "room && n > 1"),
        ],
    ),
    "command": (
        "made.c",
        COMMAND,
        {
            "python3 - <<": "cc -o made made.c\npython3 - <<",
            "./PROGRAM": "./made",
            '["--option"], ["--file", "{}"]': '["--count"]',
        },
        [
            (" || c == '\\t'", ""),
            ("last = '\\n';", "last = 0;"),
            ("return last != '\\n'", "return 0"),
            ("no end", "No end"),
            ("= EOF", "= EOF && c"),
        ],
    ),
}


def ask(folder: Path, script: str, seed: int, tmp: Path) -> Path:
    """Run the script on a folder with a program and return what it wrote; its words where it fails.

    They go to a file, as an agent's shell may do with them: it is not filled with a line for each case.
    """
    out = tmp / f"{folder.name}-{seed}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    env = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp), "HOME": str(tmp)}
    env |= {"AUTORESEARCH_SEED": str(seed), "AUTORESEARCH_OUT": str(out)}
    with (tmp / "said").open("w+") as said:
        done = subprocess.run(["bash", "-c", script], cwd=folder, env=env, stdout=said, stderr=said, timeout=120)
        said.seek(0)
        words = said.read()
    assert done.returncode == 0, words[-2000:]
    assert len(words.splitlines()) < 5
    return out


@pytest.mark.parametrize("kind", CASES)
def test_a_template_finds_what_is_subtly_wrong(kind: str, tmp_path: Path) -> None:
    """Twice the same seed, in two folders: the same answers. A mutated argument, another exception, an edge: others."""
    if kind == "javascript" and not shutil.which("node"):
        pytest.skip("node is not installed")
    name, program, fill, wrong = CASES[kind]
    script = (BUNDLE / "references/templates" / f"outputs_{kind.partition(',')[0]}.sh").read_text()
    for find, replace in fill.items():
        assert find in script
        script = script.replace(find, replace)

    def folder(called: str, text: str) -> Path:
        (tmp_path / called).mkdir()
        (tmp_path / called / name).write_text(text)
        (tmp_path / called / "line.h").write_text(C.split("{", 1)[0].split("\n", 1)[1].strip() + ";\n")
        return tmp_path / called

    sound, same = folder("sound", program), folder("same", program.replace("_held", "_kept"))
    truth = functools.cache(lambda seed: ask(sound, script, seed, tmp_path))
    assert [] == answers.difference(truth(1), ask(same, script, 1, tmp_path), Tolerance())
    assert answers.difference(truth(1), truth(2), Tolerance())
    for number, (find, replace) in enumerate(wrong):
        assert find in program
        other = folder(f"wrong-{number}", program.replace(find, replace))
        assert any(answers.difference(truth(s), ask(other, script, s, tmp_path), Tolerance()) for s in (1, 2, 3)), (
            replace
        )
