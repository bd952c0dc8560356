"""The way of one experiment through the modules: it is looked up once by its name, and passed on as an object."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from conftest import BUNDLE

FOLLOW = """
import runpy, sys
out, top, name, script, *sys.argv[1:] = sys.argv[1:]
sys.argv[0], trail, asked = script, open(out, "w"), ("is_sealed", "has_copy", "require_sealed")
inside = []
def follow(frame, event, arg):
    code = frame.f_code
    if code.co_name == "told" and event in ("call", "return"):
        inside.append(frame) if event == "call" else inside.pop()
    if not inside and event == "call" and code.co_filename.startswith(top) and code.co_name not in asked:
        given = [frame.f_locals[each] for each in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]]
        if any(its == name or (type(its).__name__ == "Experiment" and its.name == name) for its in given):
            print(code.co_filename[len(top):], file=trail, flush=True)
sys.setprofile(follow)
runpy.run_path(script, run_name="__main__")
"""


def returns(session: Any, name: str, script: str, *args: str) -> int:
    """Run a script; return how often the experiment, or its name, comes back to a module that had passed it on.

    The core, which everything stands on, is no station; nor is what reads the whole journal again, for the report or
    for the next step that a script ends with.
    """
    out = session.root.parent / "trail"
    command = [sys.executable, "-c", FOLLOW, str(out), f"{BUNDLE}/helpers/", name, f"{BUNDLE}/scripts/{script}.py"]
    done = subprocess.run([*command, *args], cwd=session.root, env=session.env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    modules = [line for line in out.read_text().splitlines() if "/" in line and "/report/" not in line]
    stays = [module for module, before in zip(modules, ["", *modules], strict=False) if module != before]
    return len(stays) - len(set(stays))


def test_the_longest_trip_returns_four_times_at_most(session: Any) -> None:
    """From the copy to the commit no script lets an experiment wander: looked up once, then passed on as an object."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-02").stdout.strip())
    (copy / "src/work.sh").write_text("sleep 0.005\necho 42\n")
    way = (
        "snapshot_workdir create exp-03",
        "snapshot_workdir seal exp-02 --desc faster",
        "submit_experiment exp-02",
        "collect_results --wait 60 --all",
        "compare exp-02",
        "record_result keep exp-02 --problem slept --reviewed honest",
    )

    found = {step: returns(session, "exp-03" if "exp-03" in step else "exp-02", *step.split()) for step in way}

    assert max(found.values()) <= 4, found
