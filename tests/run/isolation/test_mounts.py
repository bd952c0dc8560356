"""What a run has in reach of the person's files, and what a build may write to in their home."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.run.isolation import probe

pytestmark = pytest.mark.skipif(not probe.available(), reason="no mount namespaces here")
BUNDLE = Path(__file__).resolve().parent.parent.parent.parent
FETCH = "for place in bin registry git; do echo {0} >$CARGO_HOME/$place/new && echo wrote $place; done 2>/dev/null"
RUN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from helpers.run.isolation import environment, execute
from helpers.run.isolation.reach import Reach

root, folder, building = Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] == "building"
env = environment.run_environment(folder, {})
walls = Reach(root, folder, folder.parent, env, network=False).walls(building=building)
environment.adopt_orphans()
sys.exit(execute.bash(["bash", "autoresearch.sh"], folder / "copy", env, 20, 1, walls=walls))
"""


@pytest.fixture
def person() -> Iterator[Path]:
    """A home outside of the temporary folders, with a work tree, a toolchain and secrets."""
    with tempfile.TemporaryDirectory(dir=Path.home(), prefix=".walls-") as temporary:
        home = Path(temporary)
        for name in (".ssh/id", ".cargo/bin/tool", ".cargo/credentials.toml", ".cargo/registry/old", ".cargo/git/old"):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text("of the person\n")
        for name in ("src", "venv/pyvenv.cfg", "venv/bin/python", "autoresearch.jsonl", "data/corpus", "data/other"):
            (home / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            (home / "tree" / name).write_text("of the person\n")
        (home / "runs/other/copy").mkdir(parents=True)
        (home / "runs/other/copy/src").write_text("of the person\n")
        (home / "runs/mine/copy").mkdir(parents=True)
        yield home


def run(home: Path, script: str, how: str = "measuring", **more: str) -> list[str]:
    """Run a benchmark behind the walls and return its words."""
    folder = home / "runs/mine"
    (folder / "copy/autoresearch.sh").write_text(script)
    command = [sys.executable, "-B", "-c", RUN, str(BUNDLE), str(home / "tree"), str(folder), how]
    env = {**os.environ, "HOME": str(home), "CARGO_HOME": str(home / ".cargo"), **more}
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_persons_files_are_out_of_reach(person: Path) -> None:
    """Of home, work tree and other runs only toolchains are there, without the passwords inside of them."""
    look = (
        'cd ../../..; for f in $(find . -type f -not -path "*/mine/*"); do grep -q "of the person" "$f" '
        '&& echo "$f"; done; true'
    )

    assert sorted(run(person, look)) == ["./.cargo/bin/tool", "./.cargo/git/old", "./.cargo/registry/old"]


def test_what_the_script_names_is_in_reach(person: Path) -> None:
    """A file named by its full path is there, without those beside it; of a virtual environment all; never a secret."""
    tree = person / "tree"
    named = f"cat {tree}/data/corpus {tree}/venv/bin/python {person}/.ssh/id {tree}/autoresearch.jsonl {tree}"

    assert sorted(run(person, f'{named} >/dev/null 2>&1; cd "${{PWD%/runs*}}/tree"; find . -type f')) == [
        "./data/corpus",
        "./venv/bin/python",
        "./venv/pyvenv.cfg",
    ]


def test_what_a_build_fetches_stays_with_the_run(person: Path) -> None:
    """Cargo writes where it keeps fetched crates, the measurement finds them, the person's folder never has them."""
    wrote = run(person, FETCH.format("fetched"), "building")
    read = run(person, FETCH.format("more") + "; cat $CARGO_HOME/registry/*")

    assert wrote == ["wrote", "registry", "wrote", "git"]
    assert sorted(read) == sorted(["of", "the", "person", "fetched"])
    assert not list((person / ".cargo").rglob("new"))


def test_what_the_system_closes_to_others_is_out_of_roots_reach(person: Path) -> None:
    """A run of root's reads no password hash and no host key; what everybody may read stays."""
    assert ["root"] == run(
        person, "cut -d: -f1 /etc/passwd | head -1; cat /etc/shadow /etc/ssh/ssh_host_*_key 2>/dev/null"
    )


def test_the_network_is_a_loopback(person: Path) -> None:
    """A benchmark may serve itself, and reaches neither the machine's network nor its abstract sockets."""
    with socket.socket(socket.AF_UNIX) as outside:
        name = f"walls-{os.getpid()}"
        outside.bind(f"\0{name}")
        outside.listen()
        (person / "runs/mine/copy/look.py").write_text(
            "import socket\ns = socket.create_server(('127.0.0.1', 0))\nsocket.create_connection(s.getsockname())\n"
            f"print(socket.socket(socket.AF_UNIX).connect_ex('\\0{name}'))\n"
            "print(socket.socket().connect_ex(('192.0.2.1', 80)))\n"
        )
        said = run(person, "python3 look.py")

    assert said == [str(errno.ECONNREFUSED), str(errno.ENETUNREACH)]


def test_a_session_may_open_the_network(repo: Any) -> None:
    """`--network` is agreed at the beginning, and the task that is locked carries it."""
    repo.write("autoresearch.sh", "bash src/work.sh >&2 && echo METRIC time_s=1.5042\n")
    repo.commit()
    repo.script(
        "start_session", "--goal", "g", "--metric", "time_s", "--direction", "lower", "--no-checks", "--network"
    )
    repo.script("start_session", "--lock")

    lock = next(
        event
        for event in map(json.loads, (repo.root / "autoresearch.jsonl").read_text().splitlines())
        if event.get("type") == "lock"
    )
    assert lock["task"]["envs"]["AUTORESEARCH_NETWORK"] == "1"


def test_of_an_installed_tool_what_it_needs_is_in_reach(person: Path) -> None:
    """A tool named by its full path comes with its packages or its libraries; the folder beside them stays hidden."""
    needs = ("tree/node_modules/.bin/jest", "tree/node_modules/jest/node_modules/x", "jdk/bin/java", "jdk/lib/rt")
    for name in (*needs, "tree/tools/bin/own", "tree/tools/secret", ".local/bin/tool", ".local/share/diary"):
        (person / name).parent.mkdir(parents=True, exist_ok=True)
        (person / name).write_text("x")
    tools = (needs[0], needs[2], "tree/tools/bin/own", ".local/bin/tool")
    look = (
        "; ".join(f"cat {person}/{name} >/dev/null" for name in tools) + '; cd "${PWD%/runs*}"; find . -type f -size 1c'
    )

    assert sorted(f"./{name}" for name in {*needs, *tools}) == sorted(run(person, look))


def test_an_environment_that_is_a_link_is_in_reach(person: Path) -> None:
    """A toolchain inside of a hidden folder may be a link to another hidden place: both are there."""
    (person / "real/bin").mkdir(parents=True)
    (person / "real/bin/tool").write_text("found\n")
    (person / ".cargo/bin/tool").unlink()
    (person / ".cargo/bin").rmdir()
    (person / ".cargo/bin").symlink_to(person / "real/bin")
    path = f"{person}/.cargo/bin:{os.environ['PATH']}"

    assert ["found"] == run(person, f"cat {person}/.cargo/bin/tool", PATH=path)
