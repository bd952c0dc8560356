"""Templates that time a call: clock and inputs lie with the driver, so the measured process gains nothing by tricks."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[3] / "references" / "templates"
WORK = 0.04
"""Seconds that the honest program of these tests takes a call, asleep: no machine does it in less."""
HONEST = f"import time\ndef work(data):\n    time.sleep({WORK})\n    return [len(data), data[:40]]\n"
JAVASCRIPT = (
    "const rest = new Int32Array(new SharedArrayBuffer(4));\n"
    "exports.work = (s) => { Atomics.wait(rest, 0, 0, 40); return [s, -0, NaN]; };\n"
)
NATIVE = (
    "#include <time.h>\nlong long work(const unsigned char *d, unsigned long n) {\n"
    "  struct timespec t = {0, 40000000}; nanosleep(&t, 0);\n  return (long long)n + d[1]; }\n"
)
CHEATS = {
    "honest": "",
    "memo": (
        "known = {}\nreal = work\ndef work(data):\n"
        "    if data not in known: known[data] = real(data)\n    return known[data]\n"
    ),
    "lazy": (
        "real = work\nclass Lazy(list):\n    def __init__(self, data): self.data = data\n"
        "    def __repr__(self): return repr(real(self.data))\n"
        "def work(data): return Lazy(data)\n"
    ),
    "clock": "time.perf_counter = time.monotonic = time.time = lambda: 0.0\n",
    "statistics": "import statistics, sys\nstatistics.median = lambda samples: 1e-9\nsys.exit = lambda *_: None\n",
    "frames": (
        "import gc, sys, os, json\nreal = work\n"
        "def work(data):\n    frame = sys._getframe()\n    while frame:\n"
        "        for each in list(frame.f_globals.values()) + list(frame.f_locals.values()):\n"
        "            if isinstance(each, list) and each and isinstance(each[0], float): each[:] = [1e-9] * len(each)\n"
        "        frame = frame.f_back\n    return real(data)\n"
    ),
}
LATER = {
    "at import": f"time.sleep({WORK * 5})\n",
    "in the call that warms": (
        "first = []\nreal = work\ndef work(data):\n"
        f"    first or first.append(time.sleep({WORK * 5}))\n    return real(data)\n"
    ),
    "at exit": f"import atexit\natexit.register(time.sleep, {WORK * 5})\n",
    "in a thread that ends later": (
        f"import threading\nthreading.Thread(target=time.sleep, args=({WORK * 20},)).start()\n"
    ),
    "in a process that is left behind": (
        f"import subprocess\nsubprocess.Popen(['sleep', '{WORK * 20}'], start_new_session=True)\n"
    ),
}


def measured(folder: Path, script: str = "python", *before: str, code: int = 0, **env: str) -> dict[str, list[float]]:
    """Run a filled-in template in `folder`; its metrics and samples."""
    names = {"PROGRAM": "program", "FUNCTION": "work", "LIBRARY": "program", "json.loads(data)": "program.work(data)"}
    text = (TEMPLATES / "call_time.sh").read_text().replace("import json  # PROGRAM", "import program")
    text = text.replace("LANGUAGE=python", f"LANGUAGE={script}")
    for name, filled in names.items():
        text = text.replace(name, filled)
    (folder / "autoresearch.sh").write_text(text.replace("range(100_000)", "range(1_000)"))
    done = subprocess.run(
        [*before, "bash", "autoresearch.sh"],
        cwd=folder,
        env={**os.environ, "AUTORESEARCH_REPEATS": "3", **env},
        capture_output=True,
        text=True,
    )
    assert code == done.returncode, done.stderr
    found = {"said": [], "failed": []} if code else {}
    for line in done.stdout.splitlines():
        kind, name, value = line.replace("=", " ").split()
        found[f"samples {name}" if kind == "SAMPLES" else name] = [float(part) for part in value.split(",")]
    if code:
        assert not found.get("time_s")
        (folder / "stderr").write_text(done.stderr)
    return found


@pytest.mark.parametrize("cheat", CHEATS)
def test_what_the_measured_process_does_to_itself_gains_nothing(tmp_path: Path, cheat: str) -> None:
    """Answers remembered or computed when looked at, another clock or median: a call costs what it costs."""
    (tmp_path / "program.py").write_text(HONEST + CHEATS[cheat])

    found = measured(tmp_path)

    assert 3 == len(found["samples time_s"])
    assert min(found["samples time_s"]) >= WORK


@pytest.mark.parametrize("when", LATER)
def test_work_moved_out_of_the_calls_shows_in_the_start_up(tmp_path: Path, when: str) -> None:
    """Before the first timed call, or after the last: it is counted, in a metric that a limit holds."""
    (tmp_path / "program.py").write_text(HONEST + LATER[when])

    assert measured(tmp_path)["startup_s"][0] >= WORK * 4


def test_cpu_time_counts_threads_and_children_to_their_end(tmp_path: Path) -> None:
    """Also of a process that outlives the worker."""
    burn = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time\\nwhile time.process_time() < 0.5: pass'])\n"
    )
    (tmp_path / "program.py").write_text(HONEST + burn)

    assert measured(tmp_path)["cpu_s"][0] >= 0.5


def test_inputs_are_the_same_for_a_seed_others_for_another_and_unknown_to_the_worker(tmp_path: Path) -> None:
    """The digest tells; the worker finds the seed neither in its environment nor in the driver's."""
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    look = (
        "import os, pathlib\nassert 'AUTORESEARCH_SEED' not in os.environ\n"
        "for name in ('environ', 'mem', 'cmdline'):\n"
        "    try: assert b'4711' not in pathlib.Path(f'/proc/{os.getppid()}/{name}').read_bytes()\n"
        "    except OSError: pass\n"
    )
    (tmp_path / "program.py").write_text(HONEST + look)
    unprivileged = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")  # as in a run's walls

    one, again, other = (
        measured(tmp_path, "python", *unprivileged, AUTORESEARCH_SEED=seed)["output_crc"]
        for seed in ("4711", "4711", "2")
    )

    assert one == again != other


@pytest.mark.parametrize(("script", "tool"), [("javascript", "node"), ("native", "cc")])
def test_javascript_and_native_workers_measure_the_same_way(tmp_path: Path, script: str, tool: str) -> None:
    """Each sample holds the whole call, and the digest depends on the input."""
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "program.h").write_text("long long work(const unsigned char *, unsigned long);\n")
    (tmp_path / "src" / "program.c").write_text(NATIVE)
    (tmp_path / "program.js").write_text(JAVASCRIPT)

    one, other = (measured(tmp_path, script, AUTORESEARCH_SEED=seed) for seed in "12")

    assert min(one["samples time_s"] + other["samples time_s"]) >= WORK
    assert one["output_crc"] != other["output_crc"]


@pytest.mark.skipif(not shutil.which("cc"), reason="cc is not installed")
def test_cpu_time_of_a_native_worker_is_not_its_compilers(tmp_path: Path) -> None:
    """However long it takes to compile a library, a metric of processor time is of the program."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "program.h").write_text("long long work(const unsigned char *, unsigned long);\n")
    (tmp_path / "src" / "program.c").write_text(NATIVE)
    (tmp_path / "bin").mkdir()
    burn = "import time\nwhile time.process_time() < 1: pass"
    (tmp_path / "bin" / "cc").write_text(f"#!/bin/sh\npython3 -c '{burn}'\nexec {shutil.which('cc')} \"$@\"\n")
    (tmp_path / "bin" / "cc").chmod(0o755)

    assert measured(tmp_path, "native", PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")["cpu_s"][0] < 0.9


def test_a_worker_that_fails_is_no_measurement(tmp_path: Path) -> None:
    """Its own words are shown, and no metric is printed."""
    (tmp_path / "program.py").write_text("def work(data): raise ValueError('is wrong')\n")

    measured(tmp_path, code=1)

    assert "is wrong" in (tmp_path / "stderr").read_text()
