#!/usr/bin/env python3
"""Whether a question of the policy costs more than the length of what it reads: hostile texts, and four times as long.

python3 benchmarks/policy_cost.py               # every pattern, then the policy as a whole; 1 when one costs more
python3 benchmarks/policy_cost.py --part 2/4    # each fourth question, from the second on

Processor time of one process, the lesser of two tries: four times the text may cost four times the time, and a square
costs sixteen times.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BUNDLE), str(BUNDLE / "benchmarks")]

from cheats import judged  # noqa: E402

from helpers.judge.policy import (  # noqa: E402
    brace_state,
    c_library,
    code,
    content_rules,
    evaluator_reach,
    imports,
    python_state,
    rule_table,
    source_tests,
    tables,
    values,
)

MODULES = (
    *(brace_state, c_library, code, content_rules, evaluator_reach, imports, python_state, source_tests, tables),
    values,
)
UNITS = (
    *(
        "a",
        "ab ",
        "A_",
        "(",
        "{",
        "f(",
        "f(x, y)",
        "a.b",
        "a->",
        "a::",
        "x = y, ",
        "a == b ",
        "if (a && ",
        "'a' ",
        "'a' + ",
    ),
    *(
        "\"'`",
        "12, ",
        " ",
        "\t",
        "\n",
        " \n",
        "/*",
        "#[",
        "*",
        "\\",
        "a,",
        "a<",
        "$a ",
        "static a ",
        "private a ",
        "my $a ",
    ),
    *("f(x);\n", "  free(p);\n", "#[test]\n", "a \\\n", "check(b);\n", "#define a b\n"),
    *("[", "lambda: ", "x()", "'a'+", "import a\n", "global a\n", "@a\n", "if a:\n ", "a if b else "),
    *("except ValueError ", "except Exception ", "rescue "),
)
PATHS = ("src/a.py", "src/a.c", "src/a.js", "src/a.rs", "src/a.go", "src/A.java", "src/a.pl", "src/a.rb")
SQUARE = 9
"""Times the cost for four times the text, from which on it is no longer its length."""
LEAST_SECONDS = 0.01


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield every pattern of the policy with its name."""
    for r in rule_table.rules():
        for pattern in {r.pattern, r.instead}:
            yield f"{r.kind} {r.view} {' '.join(r.families)}: {r.reason[:40]}", pattern
    yield from ((f"import in {family}", pattern) for family, pattern in imports._IMPORTS.items())
    for module in MODULES:
        for name, found in vars(module).items():
            if isinstance(found, re.Pattern) and isinstance(found.pattern, str):
                yield f"{module.__name__.rpartition('.')[2]}.{name}", found


def grows(step: Callable[[str], object], unit: str, size: int) -> str:
    """Return what four times the text costs, where it is more than its length; empty otherwise."""
    tries: dict[int, list[float]] = {1: [], 4: []}
    for number in range(2):  # another text each time: what was read once is kept
        for times, costs in tries.items():
            text = unit * (size * times // len(unit)) + f"\nx{number}\n"
            began = time.process_time()
            step(text)
            costs.append(time.process_time() - began)
        short, long = min(tries[1]), min(tries[4])
        if long <= max(SQUARE * short, LEAST_SECONDS * SQUARE):
            return ""  # a second try could only say so again
    return f"{unit!r} {short:.3f} -> {long:.3f} s"


def main() -> int:
    """Ask every pattern and the whole policy; return 1 when one costs more than its length."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--part", default="1/1", help="K/N: each Nth question from the Kth on (default 1/1, all)")
    first, _, parts = p.parse_args().part.partition("/")
    count = bad = 0
    asked: list[tuple[str, Callable[[str], object], int]] = [
        (name, lambda text, p=pattern: list(p.finditer(text)), 8_000)  # type: ignore[misc]
        for name, pattern in patterns()
    ]
    asked += [(f"{path}, added", lambda text, p=path: judged(p, "x = 1\n", text), 4_000) for path in PATHS]  # type: ignore[misc]
    asked += [(f"{path}, gone", lambda text, p=path: judged(p, text, "x = 2\n"), 4_000) for path in PATHS]  # type: ignore[misc]
    asked = asked[int(first) - 1 :: int(parts)]
    for name, step, size in asked:
        found = [said for unit in UNITS if (said := grows(step, unit, size))]
        count += 1
        print(f"{count} of {len(asked)}", end="\r", file=sys.stderr, flush=True)
        bad += bool(found)
        if found:
            print(f"{name}: {'; '.join(found)}", flush=True)
    print(f"{count} questions on {len(UNITS)} texts, {bad} cost more than the text's length")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
