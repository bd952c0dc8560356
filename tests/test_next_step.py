"""A next step can be run: the commands of a whole session as printed, pasted where the script was run."""

from __future__ import annotations

import argparse
import ast
import functools
import importlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from conftest import BENCHMARK, BUNDLE, CHECKS, Repo

from helpers import next_step

COMMAND = re.compile(r"^\s*(?:next: |also: |to [a-z ]+: )?(python3 .*)$", re.MULTILINE)


class Shell:
    """A shell in one folder, and the commands that the last script printed there."""

    def __init__(self, repo: Repo, folder: Path) -> None:
        self.repo, self.folder, self.printed = repo, folder, list[str]()

    def paste(self, command: str) -> str:
        """Run a command as it stands; remember what it tells to do next and return all that it said."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.repo.env, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode in (0, 1, 4), f"{command}\n{said}"
        self.printed = COMMAND.findall(said)
        return said

    def wrong(self, command: str) -> str:
        """Run a command that is refused as wrong use; return what it said."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.repo.env, capture_output=True, text=True, check=False
        )
        assert done.returncode in (2, 4), (command, done.stdout, done.stderr)
        self.printed = COMMAND.findall(done.stderr)
        return done.stderr

    def follow(self, script: str) -> str:
        """Paste the printed command that runs this script; where it waits for words, it wants them."""
        command = next(command for command in self.printed if f"/{script}.py" in command)
        if '"..."' in command:
            assert "stands for words of your own" in self.wrong(command)
        return self.paste(command.replace('"..."', '"it slept"'))


@pytest.fixture
def installed(tmp_path: Path) -> Repo:
    """A repository whose path holds blanks, with the bundle installed in it and a benchmark."""
    made = Repo(tmp_path / "my own project", tmp_path)
    made.root.mkdir()
    made.git("init", "-q")
    made.write("src/deep er/keep", "")
    made.write("src/work.sh", "sleep 0.05\necho 42\n")
    made.write(".gitignore", ".agents/\n")
    made.commit("first")
    made.write("autoresearch.sh", BENCHMARK, 0o755)
    made.write("autoresearch.checks.sh", CHECKS, 0o755)
    home = made.root / ".agents/skills/autoresearch"
    for folder in ("helpers", "scripts"):
        shutil.copytree(BUNDLE / folder, home / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("SKILL.md", "instructions.md", "experiment.yaml"):
        shutil.copy(BUNDLE / file, home)
    shutil.copy(BUNDLE / "bundle.py", home)
    (home / "references").symlink_to(BUNDLE / "references")
    return made


@pytest.mark.parametrize("folder", ["", "src/deep er"])
def test_a_session_follows_what_is_printed(installed: Repo, folder: str) -> None:
    """From no session to a kept change, each command is the printed one, from the root and from a subfolder."""
    shell = Shell(installed, installed.root / folder)
    up = "../../" if folder else ""
    skill = f"{up}.agents/skills/autoresearch/scripts"

    assert "no session is under way" in shell.paste(f"python3 {skill}/status.py")
    assert any("start_session.py --goal" in command for command in shell.printed)
    begin = "--goal quick --metric time_s --unit s --direction lower --review-above 1000 --margin 5 --max-pairs 8"
    shell.paste(f"python3 {skill}/start_session.py {begin}")
    assert "locked:" in shell.follow("start_session")

    shell.paste(f'python3 {skill}/ideas.py add "another"')
    shell.paste(f"python3 {skill}/status.py")
    copy = Path(shell.follow("snapshot_workdir").strip().splitlines()[0])
    (copy / "src/work.sh").write_text("echo 42\n")
    assert "is not sealed" in shell.wrong(f"python3 {skill}/compare.py exp-01")
    seal = next(command for command in shell.printed if "snapshot_workdir.py" in command)
    shell.paste(seal.replace("...", "no sleep"))

    assert "did you mean exp-01?" in shell.wrong(f"python3 {skill}/compare.py exp-10")
    assert "no comparison" in shell.wrong(f"python3 {skill}/record_result.py keep exp-01")
    shell.follow("compare")
    kept = shell.follow("record_result")
    assert "recorded as keep" in kept
    assert "no idea was closed by it" in kept
    assert re.search(r"ideas\.py list$", kept, re.MULTILINE)
    assert "idea-0" not in kept.partition("next:")[0]  # whose it was nobody said: none is offered to be closed
    assert "exp-02" in shell.follow("snapshot_workdir")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("record_result", "kepe", "exp-01"), "keep"),
        (("snapshot_workdir", "creat", "exp-01"), "create"),
        (("workers", "lst"), "list"),
        (("compare", "exp-01", "--worke", "vm-01"), "--worker"),
        (("snapshot_workdir", "seal", "exp-01", "--descr=x"), "--desc"),
        (("ideas", "done", "idea-1", "--result", "keept"), "kept"),
    ],
)
def test_unknown_words_are_guessed(repo: Repo, arguments: tuple[str, ...], meant: str) -> None:
    """An unknown verb, flag or choice ends with exit 2 and the known one that is most like it."""
    assert f"did you mean {meant}?" in repo.script(arguments[0], *arguments[1:], code=2).stderr


def test_only_our_scripts_become_commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A name of ours that begins a command is replaced by its path, quoted; other files and words stay."""
    monkeypatch.chdir(tmp_path)
    text = "compare.py exp-07  # see src/compare.py, other.py"
    path = next_step.runnable("compare.py").removeprefix("python3 ").strip("'")
    assert (BUNDLE / "scripts/compare.py").samefile(path)
    assert f"python3 {path} exp-07  # see src/compare.py, other.py" == next_step.runnable(text)
    assert "--exp-10, exp" == next_step.runnable("--exp-10, exp")


SCRIPTS = {file.stem for file in (BUNDLE / "scripts").glob("*.py")}
WRITTEN = re.compile(r"(?:^\s*|[:;|] |\bthen |\bor )(?:python3 )?([a-z_]+)\.py(?= |$)(.*?)(?=;|  #|$)", re.MULTILINE)
"""A command in a text of ours: it reaches to the end of its line, to a ; or to two blanks and a #."""
VALUES = {
    r".*(count|len|total|number|pairs|left).*": "2",
    r"margin|wider": "0.5",
    r".*values\.items.*|cells|report\.shell_word.*": "a=1,b=2",
    r"flags|reviewed|words\.again": "",
    r"args\.verb": "show",
}
"""What stands in for a part that is filled in when it is printed; for all others an experiment's name does."""


def written() -> Iterator[tuple[str, str, str]]:
    """Yield file, script and arguments of every command in the texts of scripts and library."""
    for file in sorted([*(BUNDLE / "helpers").rglob("*.py"), *(BUNDLE / "scripts").glob("*.py")]):
        nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
        bodies = [n.body[0] for n in nodes if isinstance(n, (ast.Module, ast.FunctionDef, ast.ClassDef)) if n.body]
        inner = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in ast.walk(node)} - {
            id(node) for node in nodes if isinstance(node, ast.JoinedStr)
        }
        said = {id(body.value) for body in bodies if isinstance(body, ast.Expr)} | inner
        for text in (_text(node) for node in nodes if id(node) not in said):
            for name, arguments in WRITTEN.findall(text):
                if name in SCRIPTS:
                    yield str(file.relative_to(BUNDLE)), name, arguments.strip()


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else _value(part) for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _value(part: ast.AST) -> str:
    said = ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else ""
    return next((value for pattern, value in VALUES.items() if re.fullmatch(pattern, said)), "exp-01")


class ParsedError(Exception):
    """The arguments were accepted."""


@functools.cache
def _script(name: str) -> ModuleType:
    return importlib.import_module(name)


def test_every_written_command_is_accepted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever command a text of ours holds, of fleet and searches too, its script takes: verb, flags, values."""
    monkeypatch.setattr(sys, "path", [str(BUNDLE / "scripts"), *sys.path])
    parse = argparse.ArgumentParser.parse_known_args

    def parsed(self: argparse.ArgumentParser, *arguments: Any) -> tuple[argparse.Namespace, list[str]]:
        found, rest = parse(self, *arguments)
        if " " in self.prog:  # of a verb
            return found, rest
        if rest and (name != "search_github" or any(word.startswith("-") for word in rest)):
            self.error(f"unrecognized arguments: {rest}")
        raise ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_known_args", parsed)
    wrong = []
    for file, name, arguments in written():
        argv = shlex.split(
            re.sub(r"\{(\w+)\}", lambda part: "" if part[1] == "said" else "2", arguments)
            .replace('"..."', "words")
            .replace(" ...", "")
        )
        try:
            _script(name).entry(argv)
        except ParsedError:
            continue
        except SystemExit as end:
            if end.code:
                wrong.append(f"{file}: {name}.py {arguments}: {capsys.readouterr().err.splitlines()[-1]}")
    assert "" == "\n".join(wrong)
