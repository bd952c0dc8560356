"""Files that one side of the evaluator alone uses are told from the program that both use."""

from __future__ import annotations

import pytest

from helpers.judge.policy import one_sided
from helpers.judge.policy.one_sided import Scripts

RUN = "import time\nfrom inputs import make\nimport prog\nt = time.perf_counter()\n"
PROBE = "import prog\nfrom truth import right\nassert right(prog.f(1))\n"
PYTHON = {
    "run.py": RUN,
    "inputs.py": "def make(): ...\n",
    "src/prog.py": "from util import g\n",
    "src/util.py": "import far\n",
    "src/far.py": "",
    "probe.py": PROBE,
    "truth.py": "def right(got): ...\n",
    "spare.py": "",
}
BOTH = Scripts("PYTHONPATH=src python3 run.py\n", "PYTHONPATH=src python3 probe.py\n", "")


def said(files: dict[str, str], known: Scripts, *changed: str) -> dict[str, str]:
    """Return the level of what is said of each changed file."""
    its = one_sided.found(changed or files, known, files, lambda names: [files[name] for name in names])
    return {path: level for path, (_, _, level) in its.items()}


def test_what_only_the_checks_reach_is_refused_and_what_makes_the_input_is_asked_for() -> None:
    """The oracle and the probe are the checks'; the input's maker is the benchmark's; the program is nobody's."""
    assert said(PYTHON, BOTH) == {"probe.py": "refuse", "truth.py": "refuse", "inputs.py": "review"}


@pytest.mark.parametrize("build", ["sh steps.sh", "bash -e ./steps.sh && true", "./steps.sh", "cd . ; sh steps.sh"])
def test_what_the_build_command_runs_is_refused(build: str) -> None:
    """A build step is the evaluator's, whatever runs it."""
    files = {**PYTHON, "steps.sh": "true\n", "sub/steps.sh": "true\n"}
    assert said(files, Scripts("", "", build), "steps.sh", "sub/steps.sh", "src/prog.py") == {"steps.sh": "refuse"}


def test_what_the_build_command_compiles_is_the_program() -> None:
    """A source file that a compiler is given is not run by the build."""
    assert not said({"src/prog.c": ""}, Scripts("./prog", "./prog | diff - want", "gcc -O2 src/prog.c -o prog"))


@pytest.mark.parametrize(
    ("measure", "check"),
    [
        ("prog-cli big.txt", "python3 probe.py"),  # nobody can tell what an installed command is made of
        ("python3 run.py", "pytest"),
        ("python3 run.py", "python3 run.py --check"),
        ("", ""),
    ],
)
def test_nothing_is_said_where_no_program_is_found_that_both_use(measure: str, check: str) -> None:
    """What cannot be resolved is no finding against an honest change."""
    files = {name: text for name, text in PYTHON.items() if name != "inputs.py"}
    assert not said(files, Scripts(measure, check, ""), "src/prog.py", "src/util.py", "spare.py", "truth.py")


def test_beside_the_program_it_is_asked_for_and_not_refused() -> None:
    """A module in the program's own folder that the benchmark is not seen to use may still be the program's."""
    files = {name.rpartition("/")[2]: text for name, text in PYTHON.items()}
    assert said(files, BOTH, "truth.py", "prog.py", "util.py", "far.py") == {"truth.py": "review"}


def test_a_compiled_program_is_told_from_scripts_that_check_it() -> None:
    """What make builds is the program; an oracle in Python beside it is asked for, as no script is used by both."""
    files = {"src/prog.c": "", "src/util.c": "", "check/probe.py": "import truth\n", "check/truth.py": ""}
    known = Scripts("./prog big.txt", "python3 check/probe.py", "make -s")
    assert said(files, known) == {"check/probe.py": "review", "check/truth.py": "review"}


def test_javascript_modules_are_resolved_by_their_paths() -> None:
    """A require and an import of a relative path reach the file, with or without its suffix."""
    files = {
        "bench/run.mjs": "import { f } from '../src/index.js'; performance.now()",
        "verify/check.js": "const f = require('../src'); const t = require('./oracle')",
        "verify/oracle.js": "",
        "src/index.js": "export * from './fast'",
        "src/fast.js": "",
    }
    known = Scripts("node bench/run.mjs", "node verify/check.js", "")
    assert said(files, known, "verify/oracle.js", "src/fast.js", "src/index.js") == {"verify/oracle.js": "refuse"}
