#!/usr/bin/env bash
# Correctness: tomli.loads against recorded results, good documents and bad ones.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
python3 - <<'PY'
import datetime, sys

sys.path.insert(0, ".")
import tomli

utc = datetime.timezone.utc
GOOD = [
    ("a = 1\n", {"a": 1}),
    ('title = "x # no comment"\n[a]\nb = "q\\"uo\\\\te"\n[a.c]\nd = \'lit "x"\'\n',
     {"title": "x # no comment", "a": {"b": 'q"uo\\te', "c": {"d": 'lit "x"'}}}),
    ('x = """multi\nline \\\n   joined"""\n', {"x": "multi\nline joined"}),
    ("a = [1, 2,\n 3, # comment\n 4]\nb = [[1,2],['x','y']]\n", {"a": [1, 2, 3, 4], "b": [[1, 2], ["x", "y"]]}),
    ("[[p]]\nn = 1\n[[p]]\nn = 2\n[[p.q]]\nz = 1.5e3\n", {"p": [{"n": 1}, {"n": 2, "q": [{"z": 1500.0}]}]}),
    ("f = -0.25\ni = 1_000\nh = 0xff\no = 0o17\nb = 0b11\n", {"f": -0.25, "i": 1000, "h": 255, "o": 15, "b": 3}),
    ("d = 1979-05-27T07:32:00Z\ne = 1979-05-27\n",
     {"d": datetime.datetime(1979, 5, 27, 7, 32, tzinfo=utc), "e": datetime.date(1979, 5, 27)}),
    ('i = { a = 1, b = "two" }\nk = "tab\\tnew\\nuni\\u00e9"', {"i": {"a": 1, "b": "two"}, "k": "tab\tnew\nunié"}),
]
for text, want in GOOD:
    assert want == tomli.loads(text), (text, tomli.loads(text))
for text in ["a", "a =", "= 1", "a = 'x", "[a", 'a = "x\ny"', "[a]]\n", "a b = 1", "[]\n", "a = 1 = 2", "a = 1\na = 2"]:
    try:
        tomli.loads(text)
    except tomli.TOMLDecodeError:
        continue
    raise AssertionError(f"accepted: {text!r}")
PY
