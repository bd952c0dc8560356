"""What is printed is bounded, and what was cut says so where a reader believes it."""

from __future__ import annotations

import errno
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from helpers import console, files


@pytest.mark.parametrize("text", ["word " * 4000, "line\n" * 4000, "x" * 20_000, "a\n" + "word " * 4000])
def test_long_output_is_cut_and_the_rest_is_in_a_file(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most LIMIT characters, most of them used, and the whole in the file that is named."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    console.emit(text)

    said = capsys.readouterr().out
    assert console.LIMIT // 2 < len(said) <= console.LIMIT
    assert text.rstrip("\n") == next(tmp_path.iterdir()).read_text().rstrip("\n")


def test_a_fence_that_was_cut_is_closed(capsys: pytest.CaptureFixture[str]) -> None:
    """What we say of the cut stands outside of the text from outside."""
    console.emit("````text from outside: x\n```\n" + "word\n" * 4000 + "````")

    lines = capsys.readouterr().out.splitlines()
    assert "````" == lines[-2]
    assert lines[-1].startswith("...")


@pytest.mark.parametrize(
    ("where", "code", "says"),
    [(">out", 0, ""), (">/dev/full", 3, "disk is full"), (">&-", 0, ""), ("2>&-", 0, ""), ("| true", 0, "")],
)
def test_what_was_printed_is_out_when_a_script_ends(where: str, code: int, says: str, tmp_path: Path) -> None:
    """Nothing is lost in a buffer; a full disk is said, a reader who left or was never there is no failure."""
    bundle = Path(console.__file__).parent.parent
    text = "from helpers import console\nconsole.main(lambda arguments: print('x' * 5000))"

    command = f'set -o pipefail; {sys.executable} -c "{text}" {where}'
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={"PYTHONPATH": str(bundle)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, says in done.stderr, "internal" in done.stderr) == (code, True, False)
    if where == ">out":
        assert "x" * 5000 == (tmp_path / "out").read_text().strip()


def test_what_was_printed_before_an_error_is_out_too(tmp_path: Path) -> None:
    """Whoever reads the data of a script that fails half-way has what it had done until then."""
    bundle = Path(console.__file__).parent.parent
    text = (
        "from helpers import console\ndef entry(_):\n print('done'); raise console.outside('no')\nconsole.main(entry)"
    )

    done = subprocess.run(
        [sys.executable, "-c", text], env={"PYTHONPATH": str(bundle)}, capture_output=True, text=True, check=False
    )

    assert (3, "done\n", "error: no\n") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("more", [{}, {"PYTHONUNBUFFERED": "1"}], ids=["as usual", "unbuffered, as in many containers"])
def test_progress_is_seen_while_a_script_works(more: dict[str, str], tmp_path: Path) -> None:
    """A line on stderr is out when it is printed, into a pipe as well: it never comes after what followed it."""
    bundle = Path(console.__file__).parent.parent
    text = (
        "import sys\nfrom helpers import console\n"
        "def work(_):\n print('progress', file=sys.stderr)\n"
        " print('result', flush=True)\n print('end', file=sys.stderr)\n"
        "console.main(work)"
    )

    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=tmp_path,
        env={"PYTHONPATH": str(bundle), **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert ["progress", "result", "end"] == done.stdout.split()


def test_a_full_disk_is_told_with_the_folder_that_is_full() -> None:
    """Of a file that was copied it is the new one; below the temporary folder TMPDIR names another."""
    made = f"{files.temporary()}/copy"
    told = console.failure_of(OSError(errno.ENOSPC, "No space left on device", "here", None, made))

    assert made in told.message
    assert "export TMPDIR=" in told.do
    assert str(files.temporary()) in console.failure_of(OSError(errno.ENOSPC, "No space left on device")).message
