"""What a session is about, as agreed with the person: the keys of its config line."""

import argparse
import os
import re
from pathlib import Path
from typing import Any

from helpers import arguments, console, events, next_step, replay
from helpers.events import Config
from helpers.judge.compare import metric_limits
from helpers.judge.policy import check
from helpers.run.copies import work_tree
from helpers.run.jobs import metric_line, task
from helpers.scale import RATIO, Scale

_OPTIONS = (
    "metric unit direction scope off_limits allow layouts scale margin review_above max_pairs repeats outputs_seconds "
    "pass_env screen_env no_checks network objective constraints infra web workers simplicity"
)
_ASKED = {**{name: Config.KEYS.get(name, name) for name in _OPTIONS.split()}, "guard": Config.KEYS["limits"]}
"""Option of start_session.py to key."""
_LOWER = re.compile(
    r"(?:.*_)?(?:(?:s|[mun]s|µs|sec|seconds?|[mun]sec|min|minutes?|h|hours?)(?:/(?:op|iter|call|req|row|it))?|[mkM]?[JW]"
    r"|joules?|watts?|cycles|instr|instructions|allocs|allocations|[KMG]i?B|bytes|errors?|misses|failures|failed|warnings|loss|latency"
    r"|perplexity|rmse|mae|mse|wer|error_rate|miss_rate)",
    re.IGNORECASE,
)
_HIGHER = re.compile(
    r".*(?:/s(?:ec|econd)?|_per_s(?:ec)?|ps|throughput|speedup|hits)|(?:.*_)?(?:accuracy|coverage|pass_rate|hit_rate|passed|recall"
    r"|precision|f1|auc|[KMG]?Hz|bleu|rouge|ipc|log_?lik\w*|elbo|reward)",
    re.IGNORECASE,
)
"""Units and names whose better direction is known."""
_PATTERNS = ("scope", "off_limits", "allow")
_BUDGET = {"max_experiments": "experiments", "budget_usd": "usd", "budget_hours": "hours"}
_ENVS = {"build": "BUILD_CMD", "bench_timeout": task.BENCH_TIMEOUT, "check_timeout": task.CHECK_TIMEOUT}


def config_from(root: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Return the keys that the arguments give a value; raises Failure (2) on what cannot be meant."""
    if not args.goal:
        raise console.usage(
            "--goal is missing: it names the session",
            "status.py  # names one under way; for a new one: --goal faster-parse",
        )
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", args.goal):
        raise console.usage(f"--goal {args.goal!r}: a slug of a-z 0-9 - is needed", "for example --goal faster-parse")
    if args.metric and not metric_line.is_name(args.metric):
        raise console.usage(
            f"--metric {args.metric!r} cannot name a metric", "letters, digits, '_', '.' and 'µ': --metric time_s"
        )
    args.metric = args.metric and metric_line.name_of(args.metric)
    metric_limits.require_valid(args.guard or [])
    task.overrides(args.screen_env or [])
    given = vars(args)
    _require_rules(root, args.allow or [])
    _from_here(root, given)
    agreed = {"name": args.goal, **{key: given[option] for option, key in _ASKED.items()}}
    for group, options in (("budget", _BUDGET), ("envs", _ENVS)):
        agreed[group] = {key: given[option] for option, key in options.items() if given[option] is not None}
    agreed = {key: value for key, value in agreed.items() if value not in (None, {}, "", False)}
    now = replay.fold(events.held(root))
    its = now and now.named(args.goal)
    if "margin" in agreed:
        by = Scale(args.scale or (its.scale.kind if its else RATIO))
        value = arguments.margin(agreed.pop("margin"), by)
        agreed["margin" if by.by_ratio else "leastDifference"] = value
    if not its:
        missing = [
            flag for flag, key in (("--metric", "metricName"), ("--direction", "bestDirection")) if key not in agreed
        ]
        if missing:
            raise console.usage(f"a new session needs {' and '.join(missing)}", "start_session.py --help")
        agreed.setdefault("metricUnit", "")
    named, way = [str(agreed.get(key) or "") for key in ("metricUnit", "metricName")], agreed.get("bestDirection")
    usual = {usual_direction(name): name for name in named}
    if way and way not in usual and (odd := usual.get("higher") or usual.get("lower")):
        console.note(f"note: {odd} is agreed to be better when {way}: is that meant? It stays once something was tried")
    _say_unmatched(root, {"--scope": given["scope"] or [], "--off-limits": given["off_limits"] or []})
    return agreed


def usual_direction(name: str) -> str:
    """Return which direction of a unit or a metric of this name is better, empty where nobody knows."""
    return "higher" if _HIGHER.fullmatch(name) else "lower" if _LOWER.fullmatch(name) else ""


def _from_here(root: Path, given: dict[str, Any]) -> None:
    """Take the patterns of a command that is run in a subfolder (a package of a monorepo) from there, and say so."""
    here = os.path.relpath(Path.cwd(), root)
    if here == "." or here.startswith("..") or not any(given[name] for name in (*_PATTERNS, "build")):
        return
    present = [os.fsdecode(path) for path in work_tree.listing(root)]

    def taken(entry: str) -> str:
        rule, colon, pattern = entry.rpartition(":")
        below = os.path.normpath(f"{here}/{pattern}") + ("/" if pattern.endswith("/") else "")
        first = pattern.partition("/")[0]
        top = any(check.matches(p, pattern) for p in present) or ("/" in pattern and (root / first).exists())
        if top and not Path(first).exists() and not any(check.matches(path, below) for path in present):
            return entry  # written as from the top
        console.note(f"note: {pattern} is taken from {here}/, where this is run: {below}")
        return f"{rule}{colon}{below}"

    for option in _PATTERNS:  # without a path an entry of --allow is a rule
        rules = [entry for entry in given[option] or [] if option == "allow" and not re.search("[:/.*]", entry)]
        given[option] = given[option] and [entry if entry in rules else taken(entry) for entry in given[option]]
    if given["build"]:
        console.note(
            f"note: --build runs in the top folder of the copy, as the benchmark does; for {here}/ write cd {here} &&"
        )


def _require_rules(root: Path, allowed: list[str]) -> None:
    """Raise Failure (2) for an entry of --allow that opens nothing: neither a rule nor a path, or one of no rule."""
    known = check.rules()
    for rule, colon, _ in (entry.partition(":") for entry in allowed):
        is_path = not colon and (re.search("[/.*]", rule) or (root / rule).exists())
        if rule not in known and not is_path:
            said = f"--allow {rule}{colon}: there is no such rule{next_step.did_you_mean(rule, known)}"
            raise console.usage(said, f"RULE, RULE:PATH or PATH, where RULE is one of: {', '.join(known)}")


def _say_unmatched(root: Path, globs: dict[str, list[str]]) -> None:
    """Note a pattern that matches no file: a slip of the pen would close everything, or nothing."""
    if not any(globs.values()):
        return
    present = [os.fsdecode(path) for path in work_tree.listing(root)]
    for option, patterns in globs.items():
        for pattern in patterns:
            if not any(check.matches(path, pattern) for path in present):
                console.note(f"note: {option} {pattern!r} matches no file of this repository")
