"""The house's own rules: which way imports run, sizes, bare interpreters, and documents that name only what exists."""

from __future__ import annotations

import ast
import functools
import graphlib
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

TOP = Path(__file__).resolve().parent.parent
ROOMS = ("read", "run", "judge", "record", "demo")
SCRIPTS = sorted(p.name for p in (TOP / "scripts").glob("*.py"))
MODULES = sorted(p.relative_to(TOP).as_posix() for p in (TOP / "helpers").rglob("*.py") if p.name != "__init__.py")
DOCUMENTS = sorted(
    p.relative_to(TOP).as_posix()
    for p in (
        *(TOP / name for name in ("README.md", "SKILL.md", "instructions.md")),
        *(TOP / "references").glob("**/*.md"),
    )
    if p.exists()
)
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
FOREIGN = {
    "pytest",
    "python",
    "python3",
    "git",
    "gh",
    "sky",
    "uv",
    "pip",
    "perf",
    "curl",
    "npx",
    "cargo",
    "go",
    "cmake",
    "make",
    "ruff",
    "mypy",
    "unshare",
    "apt-get",
    "valgrind",
    "hyperfine",
    "psql",
    "kubectl",
    "claude",
    "codex",
    "nsys",
    "ncu",
    "py-spy",
    "node",
}
"""Programs whose own flags documents may show."""


def tracked() -> list[str]:
    """Every file of the repository that git does not ignore."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TOP, capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [name for name in done.stdout.split("\0") if name and (TOP / name).is_file()]


@functools.cache
def nodes(file: str) -> tuple[ast.AST, ...]:
    """Everything in a module's syntax tree, the module itself first."""
    return tuple(ast.walk(ast.parse((TOP / file).read_text(encoding="utf-8"))))


def imports(file: str) -> Iterator[tuple[str, bool]]:
    """Yield each module that `file` imports, wherever it does so, and whether that is at the top of the module."""
    for node in nodes(file):
        if isinstance(node, ast.Import):
            top = node in nodes(file)[0].body
            yield from ((alias.name, top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            top = node in nodes(file)[0].body
            assert not node.level, f"{file}: relative import; say helpers.{node.module}"
            yield node.module or "", top
            if (TOP / (node.module or "").replace(".", "/") / "__init__.py").exists():
                yield from ((f"{node.module}.{alias.name}", top) for alias in node.names)


def floor(module: str) -> int:
    """0 for the core, else the number of the layer."""
    parts = module.replace("/", ".").split(".")
    return ROOMS.index(parts[1]) + 1 if len(parts) > 1 and parts[1] in ROOMS else 0


@pytest.mark.parametrize("file", MODULES)
def test_imports_run_one_way(file: str) -> None:
    """A module imports its own room, earlier ones and the ground; never a later room, a script or a test."""
    for module, _ in imports(file):
        assert module.split(".")[0] not in {"scripts", "tests", "benchmarks", "examples"}, f"{file} imports {module}"
        if module.split(".")[0] == "helpers":
            assert floor(module) <= floor(file), f"{file} imports {module}"


BY_STRING = {
    ("helpers/run/local/executor.py", "helpers.run.local.runner"): "jobs outlive the command that submits them",
    ("helpers/run/fleet/keeper.py", "helpers.judge.compare.spread_fleet"): "who judges pairs says which are needed",
    ("helpers/run/fleet/payload.py", "helpers.judge.compare.on_worker"): "the worker itself measures and judges",
}
"""Modules named in a string, for another process to import, and why.

Everything else is imported where it can be seen.
"""


def named(file: str) -> set[str]:
    """The other modules of helpers that stand in strings of `file`, dotted or as a path, docstrings aside."""
    bodies = [node.body for node in nodes(file) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    words = {node.value for body in bodies for node in body if isinstance(node, ast.Expr)}
    texts = [n.value for n in nodes(file) if isinstance(n, ast.Constant) and n not in words]
    text = re.sub(r"from (helpers[\w.]*) import (\w+)", r"\1.\2", "\n".join(t for t in texts if isinstance(t, str)))
    found = {name.replace("/", ".").removesuffix(".py") for name in re.findall(r"\bhelpers(?:[./]\w+)+", text)}
    return found - {file.replace("/", ".").removesuffix(".py")}


def test_files_of_tests_have_names_of_their_own() -> None:
    """Two of one name cannot be collected together: tests/ is no package."""
    names = Counter(path.name for path in (TOP / "tests").rglob("test_*.py"))
    assert [] == [name for name, count in names.items() if count > 1]


def test_imports_by_string_are_listed() -> None:
    """A module named in a string is on the short list above, and exists; so does what setup.sh names."""
    found = {(file, name) for file in [*MODULES, *(f"scripts/{s}" for s in SCRIPTS)] for name in named(file)}
    assert set(BY_STRING) == found
    paths = {f"{name.replace('.', '/')}.py" for _, name in found}
    assert paths | set(re.findall(r"helpers/[\w/]+\.py", (TOP / "setup.sh").read_text(encoding="utf-8"))) <= set(
        MODULES
    )


@functools.cache
def arrows() -> list[tuple[str, str]]:
    """Return which module of helpers imports which, wherever in its text, or names it in a string."""
    found, known = [], set(MODULES)
    for file in MODULES:
        for module in {name for name, _ in imports(file)} | (named(file) - {name for _, name in BY_STRING}):
            target = f"{module.replace('.', '/')}.py"
            found += [(file, target)] if target in known else []
    return found


def test_events_are_read_by_their_fields() -> None:
    """Only helpers/events.py turns lines of the journal into events and back; nobody reads a key of a line.

    An event is no mapping, so mypy refuses `event["metric"]`; here its dict is looked for.
    """
    for file in [*MODULES, *(f"scripts/{s}" for s in SCRIPTS)]:
        for node in nodes(file):
            name = ast.unparse(node) if isinstance(node, (ast.Attribute, ast.Subscript)) else ""
            lines = re.search(r"\bjournal\.(read_events|append|append_locked|Event)$", name)
            key = re.search(r"\.(line|to_line\(\))(\[['\"]|\.get$)", name)
            assert file == "helpers/events.py" or not (lines or key), f"{file}: {name}: read events by their fields"


def test_no_circle_among_modules() -> None:
    """No module imports, through others or inside a function, what imports it."""
    require_no_circle(arrows())


@pytest.mark.parametrize("package", sorted({file.rpartition("/")[0] for file in MODULES}))
def test_no_circle_among_packages(package: str) -> None:
    """What lies in one folder, modules and packages taken whole, imports in one direction."""

    def inside(file: str) -> str:
        return file.removeprefix(f"{package}/").partition("/")[0] if file.startswith(f"{package}/") else ""

    pairs = {(inside(source), inside(target)) for source, target in arrows()}
    require_no_circle((one, other) for one, other in pairs if one and other and one != other)


def require_no_circle(pairs: Iterable[tuple[str, str]]) -> None:
    """Fail, showing it, when these arrows make a circle."""
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for source, target in pairs:
        sorter.add(source, target)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_a_circle_is_found() -> None:
    """The test above sees a circle through several arrows, and none where there is none."""
    require_no_circle([("a", "b"), ("b", "c"), ("a", "c")])
    with pytest.raises(pytest.fail.Exception, match="a <- "):
        require_no_circle([("a", "b"), ("b", "c"), ("c", "a")])


@pytest.mark.parametrize("file", [*MODULES, *(f"scripts/{name}" for name in SCRIPTS)])
def test_packages_are_imported_where_they_are_used(file: str) -> None:
    """At the top of a module only the standard library and the bundle are imported: scripts run on a bare python3."""
    for module, top in imports(file):
        name = module.split(".")[0]
        assert not top or name in ("bundle", "helpers") or name in sys.stdlib_module_names, (
            f"{file} imports {name} at the top"
        )


def test_no_module_stutters() -> None:
    """No function has its module's name (`keep.keep`): it says of what."""
    bodies = {file: ast.parse((TOP / file).read_text(encoding="utf-8")).body for file in MODULES}
    names = [(file, node.name) for file, body in bodies.items() for node in body if isinstance(node, ast.FunctionDef)]
    assert [] == [(file, name) for file, name in names if name == Path(file).stem]


@pytest.mark.parametrize("file", [*MODULES, *(f"scripts/{name}" for name in SCRIPTS)])
def test_small(file: str) -> None:
    """A module of helpers has fewer than 260 lines, a script fewer than 110.

    Blank lines and a script's options aside.
    """
    text = (TOP / file).read_text(encoding="utf-8")
    options = 0  # a list of options is read like a table: its length makes nothing harder to follow
    for node in ast.parse(text).body if file.startswith("scripts/") else ():
        if isinstance(node, ast.FunctionDef) and node.name == "build_parser":
            options = len((ast.get_source_segment(text, node) or "").splitlines())
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) - options < (110 if file.startswith("scripts/") else 260), "split it where two ideas live"


def test_every_benchmark_is_listed() -> None:
    """benchmarks/README.md names each benchmark, and nothing that is not there."""
    listed = set(re.findall(r"benchmarks/(\w+\.py)", (TOP / "benchmarks/README.md").read_text(encoding="utf-8")))
    programs = {file.name for file in (TOP / "benchmarks").glob("*.py") if "__main__" in file.read_text("utf-8")}
    assert programs == listed


def test_contributing_names_what_is_there() -> None:
    """The drawing, the way of an experiment and the table of changes name only files and folders that exist."""
    text = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named_there = re.findall(r"`((?:helpers/|run/|judge/|record/|read/|tests/|benchmarks/)[\w/.]+)`", text)
    assert named_there
    for name in named_there:
        assert any((TOP / top / name).exists() for top in (".", "helpers")), f"CONTRIBUTING.md names {name}"


@pytest.mark.parametrize("file", ["bundle.py", *(f"scripts/{name}" for name in SCRIPTS)])
def test_scripts_parse_on_an_old_python(file: str) -> None:
    """A script is read by Python 3.7 too: only then can it say that this one is too old."""
    ast.parse((TOP / file).read_text(encoding="utf-8"), feature_version=(3, 7))


def test_skill_is_short() -> None:
    """SKILL.md has fewer than 150 lines."""
    assert len((TOP / "SKILL.md").read_text(encoding="utf-8").splitlines()) < 150


def test_skill_is_valid(tmp_path: Path) -> None:
    """SKILL.md passes the validator of the Agent Skills specification, in a folder named as setup.sh names it."""
    validator = Path(sys.executable).with_name("agentskills")
    if not validator.exists():
        pytest.skip("skills-ref is not installed (it needs Python 3.11)")
    (tmp_path / "autoresearch").mkdir()
    shutil.copy(TOP / "SKILL.md", tmp_path / "autoresearch")
    done = subprocess.run([validator, "validate", tmp_path / "autoresearch"], capture_output=True, text=True)
    assert 0 == done.returncode, done.stdout + done.stderr


def test_no_path_of_one_machine() -> None:
    """No file names a folder of the machine that it was written on."""
    private = re.compile("/" + "(?:work|farm|root)" + "/|/opt/" + "(?:wheels|pypi)")
    hits = []
    for name in tracked():
        try:
            text = (TOP / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        hits += [f"{name}: {found[0]}" for found in private.finditer(text)]
    assert [] == hits


def test_lock_names_only_the_public_index() -> None:
    """uv.lock points to pypi.org and its file host, and to no folder."""
    text = (TOP / "uv.lock").read_text(encoding="utf-8")
    hosts = {urlsplit(url).hostname for url in re.findall(r'"((?:https?|file)://[^"]+)"', text)}
    assert {"pypi.org", "files.pythonhosted.org"} == hosts
    assert ["virtual"] == sorted(set(re.findall(r"source = \{ (virtual|editable|directory|path|git|url) ", text)))


def test_lock_is_in_step_with_pyproject() -> None:
    """Every requirement of pyproject.toml stands in uv.lock as it was locked: `uv lock` was run after a change."""
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    lock = tomllib.loads((TOP / "uv.lock").read_text(encoding="utf-8"))
    own = next(p for p in lock["package"] if p["name"] == project["project"]["name"])["metadata"]
    locked = {(row["name"], row.get("specifier", "")) for row in (*own["requires-dist"], *own["requires-dev"]["dev"])}
    wanted = {
        requirement(text)
        for group in (
            project["project"]["dependencies"],
            *project["project"]["optional-dependencies"].values(),
            project["dependency-groups"]["dev"],
        )
        for text in group
    }
    assert wanted == locked


def requirement(text: str) -> tuple[str, str]:
    """Split `Name[extra]>=1,<2; marker` into the normal name and the specifier, as uv.lock writes them."""
    found = re.match(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?\s*([^;]*)", text)
    assert found
    return re.sub(r"[-_.]+", "-", found[1]).lower(), found[2].strip().replace(" ", "")


# --- scripts and the documents that name them ---------------------------------------------------------------------


def bare(*args: str) -> subprocess.CompletedProcess[str]:
    """Run a script on an interpreter with nothing but the standard library, from a foreign folder, without HOME."""
    command = [sys.executable, "-S", "-I", "-B", str(TOP / "scripts" / args[0]), *args[1:]]
    return subprocess.run(command, cwd="/", env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=120)


@functools.cache
def answers(script: str) -> bool:
    """Whether a script's --help works at all; test_help_needs_nothing says which do not."""
    return bare(script, "--help").returncode == 0


@functools.cache
def help_of(script: str, *verb: str) -> str:
    """The --help text of a script, or of one of its verbs."""
    done = bare(script, *verb, "--help")
    assert 0 == done.returncode, f"{script} {' '.join(verb)} --help: {done.stderr[-800:]}"
    return done.stdout


def defined(script: str, *verb: str) -> str:
    """The part of --help that defines options, without its examples."""
    return help_of(script, *verb).partition("\nexamples:")[0]


@functools.cache
def verbs(script: str) -> tuple[str, ...]:
    """The subcommands of a script, read from its usage line."""
    usage = help_of(script).partition("\n\n")[0]
    found = re.search(r"\{([a-z0-9,-]+)\}\s+\.\.\.|((?:[a-z-]+\|)+[a-z-]+)\s+\.\.\.", usage)
    return tuple(re.split(r"[,|]", found[1] or found[2])) if found else ()


@functools.cache
def flags_of(script: str) -> frozenset[str]:
    """All flags of a script and of its verbs."""
    texts = [defined(script), *(defined(script, verb) for verb in verbs(script))]
    return frozenset(FLAG.findall("\n".join(texts)))


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_needs_nothing(script: str) -> None:
    """--help answers on a bare python3 and says the exit codes."""
    assert "exit codes:" in help_of(script)
    assert flags_of(script) >= {"--help"}


@pytest.mark.parametrize("script", SCRIPTS)
def test_unknown_option_is_usage(script: str) -> None:
    """An unknown option ends with exit 2, in words, without a traceback."""
    done = bare(script, *verbs(script)[:1], "--no-such-option-here")
    assert 2 == done.returncode
    assert "Traceback" not in done.stderr


@functools.cache
def setup_flags() -> frozenset[str]:
    """The options of setup.sh."""
    done = subprocess.run(["bash", TOP / "setup.sh", "--help"], capture_output=True, text=True)
    assert 0 == done.returncode
    return frozenset(FLAG.findall(done.stdout))


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield (program, what follows it up to the end of the command) for each script of ours that `text` names."""
    text = re.sub(r"\\\n\s*", " ", text)
    for line in text.splitlines():
        for found in re.finditer(
            r"(?P<path>[\w./${}-]*/)?(?P<name>[a-z][a-z0-9_]*\.py|setup\.sh)\b(?P<rest>[^`;&#|\n]*)", line
        ):
            ours = found["path"] is None or found["path"].endswith("scripts/") or found["name"] == "setup.sh"
            if ours and (found["path"] or found["name"] in {*SCRIPTS, "setup.sh"} or looks_like_ours(found["name"])):
                yield found["name"], found["rest"]


def looks_like_ours(name: str) -> bool:
    """`verb_noun.py` without a folder is how documents name scripts; a benchmark or test of the reader's is not."""
    return "_" in name and not re.search(r"bench|test|train|example|demo", name)


def table_rows(text: str) -> Iterator[tuple[str, str]]:
    """Yield (script, row) for the rows of tables whose first cell names one script of ours and nothing else."""
    for line in text.splitlines():
        cells = line.strip().strip("|").split("|") if line.lstrip().startswith("|") else []
        names = re.findall(r"\b[a-z_]+\.py\b", cells[0]) if cells else []
        if len(names) == 1 and names[0] in SCRIPTS and not re.search(r"\.py|\.sh", "|".join(cells[1:])):
            yield names[0], line


def unknown(text: str) -> Iterator[str]:
    """Yield what `text` says of our scripts that is not so."""
    for name, rest in [*commands(text), *table_rows(text)]:
        if name == "setup.sh":
            yield from (f"setup.sh {flag}" for flag in set(FLAG.findall(rest)) - setup_flags())
        elif name not in SCRIPTS:
            yield f"scripts/{name} does not exist"
        elif answers(name):
            words = rest.split("(")[0].strip("\"'").split()
            verb = words[:1] if words and words[0] in verbs(name) else []
            known = set(FLAG.findall(defined(name, *verb))) if verb else flags_of(name)
            yield from (f"{name} {' '.join(verb)} {flag}" for flag in set(FLAG.findall(rest)) - known)
    for line in text.splitlines():
        alone = {flag for span in re.findall(r"`(--[a-z][^`\n]*)`", line) for flag in FLAG.findall(span)}
        if alone and not FOREIGN & set(re.findall(r"[a-z][\w-]*", line)):
            yield from (f"{flag} (of no script)" for flag in alone - all_flags())


@functools.cache
def all_flags() -> frozenset[str]:
    """The flags of all scripts that answer --help (another test says which do not) and of setup.sh."""
    flags = set(setup_flags())
    for script in SCRIPTS:
        if answers(script):
            flags |= flags_of(script)
    return frozenset(flags)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_only_what_exists(document: str) -> None:
    """Every script and every flag that a document names exists."""
    assert [] == sorted(set(unknown((TOP / document).read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("run `scripts/snapshot_workdir.py create exp-01 --from HEAD`", []),
        ("run `scripts/snapshot_workdir.py seal exp-01 --from HEAD`", ["snapshot_workdir.py seal --from"]),
        (
            '```\npython3 "$SKILL/scripts/snapshot_workdir.py" list \\\n  --nonsense\n```',
            ["snapshot_workdir.py list --nonsense"],
        ),
        ("| `snapshot_workdir.py` | copies; `--stat`, `--nonsense` |", ["snapshot_workdir.py  --nonsense"]),
        ("`no_such_script.py`", ["scripts/no_such_script.py does not exist"]),
        ("`python3 my_bench.py --size 3`, `pytest --durations=5`", []),
        ("curl URL/setup.sh | bash -s -- --demo; bash setup.sh --frob", ["setup.sh --frob"]),
        ("and `--no-such-flag`", ["--no-such-flag (of no script)"]),
    ],
)
def test_the_reader_of_documents_sees_what_is_wrong(text: str, wrong: list[str]) -> None:
    """The check above finds a wrong script, verb or flag, in a span, a block or a table, and nothing else."""
    found = {re.sub(r"\s+", " ", row) for row in unknown(text)}
    assert {re.sub(r"\s+", " ", row) for row in wrong} <= found
    assert bool(wrong) == bool(found)


@pytest.mark.parametrize(
    "document", [*DOCUMENTS, *(n for n in ("CONTRIBUTING.md", "CHANGELOG.md") if (TOP / n).exists())]
)
def test_links_lead_somewhere(document: str) -> None:
    """Every relative link of a document leads to a file."""
    text = (TOP / document).read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [] == [link for link in links if link and not ((TOP / document).parent / link).exists()]


def test_the_map_is_up_to_date() -> None:
    """The maps have one line for each module, as its docstring says; else run python3 .ci/map.py."""
    done = subprocess.run([sys.executable, TOP / ".ci" / "map.py", "--check"], capture_output=True, text=True)
    assert 0 == done.returncode, f"{done.stdout}{done.stderr}: run python3 .ci/map.py"


@pytest.mark.parametrize("row", (TOP / "tests/interface.txt").read_text(encoding="utf-8").splitlines())
def test_no_verb_or_flag_is_lost(row: str) -> None:
    """Every verb and flag that users relied on before is still taken; tests/interface.txt may only grow."""
    command, _, flags = row.partition(":")
    script, *verb = command.split()
    assert set(flags.split()) <= set(FLAG.findall(defined(script, *verb)))
