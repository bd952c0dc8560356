"""Judging recorded pairs without running anything: one JSON trace a line in, one JSON verdict a line out."""

import json
import sys
from pathlib import Path
from typing import TextIO

from helpers import console
from helpers.judge.rule import sign_test
from helpers.scale import RATIO


def judge_file(file: str, out: TextIO) -> int:
    """Judge every trace of `file` (- for stdin); a bad line gives an error line and exit 2 at the end."""
    if file != "-" and not Path(file).is_file():
        raise console.usage(
            f"{file} is not a file", 'one trace a line: {"direction":"lower","baseline":[...],"candidate":[...]}'
        )
    source = sys.stdin.buffer if file == "-" else Path(file).open("rb")  # noqa: SIM115
    bad = 0
    with source:
        for number, line in enumerate(source, 1):
            if line.strip():
                answer = _one(line, number)
                bad += "error" in answer
                out.write(json.dumps(answer) + "\n")
    out.flush()
    if bad:
        console.note(f"error: {bad} lines could not be judged; each has an error line in the output")
    return console.USAGE if bad else console.DONE


def _one(line: bytes, number: int) -> dict[str, object]:
    try:
        trace = json.loads(line)
        base, cand = trace["baseline"], trace["candidate"]
        if len(base) != len(cand):
            raise ValueError(f"{len(base)} baseline and {len(cand)} candidate measurements make no pairs")  # noqa: TRY301
        verdict = sign_test.judge(
            base,
            cand,
            direction=trace.get("direction", "lower"),
            margin=float(trace.get("margin", 0.01)),
            max_pairs=int(trace.get("max_pairs", 48)),
            mode=str(trace.get("mode", "improved")),
            scale=(scale := str(trace.get("scale", RATIO))),
        )
    except KeyError as error:
        return {"error": f"the trace has no {error.args[0]}", "line": number}
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        return {"error": str(error)[:200], "line": number}
    return {
        "verdict": verdict.verdict,
        "pairs": verdict.pairs,
        "gain": round(verdict.gain, 6) if scale == RATIO else verdict.gain,
        "interval": [round(end, 6) if scale == RATIO else end for end in verdict.interval],
        "wins": verdict.wins,
    }
