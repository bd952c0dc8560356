#!/usr/bin/env bash
# Correctness: toml.loads against Python's own tomllib and recorded results, good documents and bad ones.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
python3 - <<'PY'
import datetime, sys, tomllib

sys.path.insert(0, ".")
import toml

GOOD = [
    'a = 1\n',
    'title = "x # not a comment"\n[a]\nb = "q\\"uo\\\\te"\n[a.c]\nd = \'lit "x" eral\'\n',
    'x = """multi\nline \\\n   joined"""\ny = \'\'\'raw\n"text"\'\'\'\n',
    "a = [1, 2,\n 3, # comment\n 4]\nb = [[1,2],['x','y']]\n",
    "[[p]]\nn = 1\n[[p]]\nn = 2\n[[p.q]]\nz = 1.5e3\n",
    'f = -0.25\ni = 1_000\nh = 0xff\no = 0o17\nb = 0b11\nt = true\nu = false\n',
    'd = 1979-05-27T07:32:00Z\ne = 1979-05-27\n"quoted key" = 1\n',
    'e = ""\nk = "tab\\tnew\\nuni\\u00e9"\n   indented = 3\n\n\n# end',
    "crlf = 1\r\ntwo = 'x'\r\n",
    'i = { a = 1, b = "two" }\n',
]


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return value


for text in GOOD:
    want, got = plain(tomllib.loads(text.replace("\r\n", "\n"))), plain(toml.loads(text))
    assert want == got, (text, want, got)
BAD = ["a", "a =", "= 1", "a = 'x", '[a', 'a = "x\ny"', "[a]]\n", "a b = 1", "[]\n", "a = 1 = 2", "a = 1\na = 2"]
for text in BAD:
    try:
        toml.loads(text)
    except (toml.TomlDecodeError, IndexError, ValueError):
        continue
    raise AssertionError(f"accepted: {text!r}")
assert toml.loads(toml.dumps({"a": {"b": [1, 2], "c": "x\ny"}})) == {"a": {"b": [1, 2], "c": "x\ny"}}
PY
