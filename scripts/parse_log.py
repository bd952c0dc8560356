#!/usr/bin/env python3
"""Turn a log of one experiment, from any executor, into one record."""

import sys
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import console
from helpers.run.jobs import log, metric_mistakes
from helpers.scale import with_unit

EXAMPLES = """\
  parse_log.py run.log
  sky logs vm-01 3 --no-follow | parse_log.py - --json
"""


def entry(argv: list[str]) -> int:
    """Parse; exit 1 when the experiment did not end as done."""
    p = console.parser(
        "Parse a log into id, status, metrics, samples, checks, error, host, durations, hashes.", EXAMPLES
    )
    p.add_argument("file", help="a log file, or - for standard input")
    console.add_output_options(p)
    args = p.parse_args(argv)
    path = Path(args.file)
    if args.file != "-" and not path.is_file():
        raise console.usage(f"{args.file} is not a file", "give the log of one experiment, or - for standard input")
    record = log.parse(sys.stdin.buffer if args.file == "-" else path)
    if record.error == log.NO_METRIC and args.file != "-":
        record.error = metric_mistakes.why(metric_mistakes.in_log(path))
    console.show(args, vars(record), "\n".join(record_lines(record)))
    return console.DONE if record.status == "done" else console.NO


def record_lines(record: log.Record) -> list[str]:
    """Return the record as text."""
    rows = [f"{record.id or '(no id)'}: {record.status}" + (f": {record.error}" if record.error else "")]
    rows += [f"description: {record.description}"] if record.description else []
    for name, value in record.metrics.items():
        samples, beside = record.samples.get(name, []), record.baseline.get(name)
        said = f"  (median of {len(samples)} pairs, the baseline's {with_unit(median(beside), '')})" if beside else ""
        rows.append(f"{name} = {with_unit(value, '')}{said or (f'  ({len(samples)} samples)' if samples else '')}")
    rows += [f"checks: {record.checks}"] if record.checks else []
    rows += [f"durations: {', '.join(f'{k} {v:g} s' for k, v in record.durations.items())}"] if record.durations else []
    rows += [f"protected: {path} {digest[:12]}" for path, digest in record.protected.items()]
    rows += [f"warning: {text}" for text in record.warnings]
    if record.status != "done" and record.tail:
        rows += ["what was said last:", *(f"  {line[:160]}" for line in record.tail[-10:])]
    return rows


if __name__ == "__main__":
    console.main(entry)
