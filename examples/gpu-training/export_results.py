#!/usr/bin/env python3
"""Print the session's decided experiments as results.tsv: experiment_id, status, val_bpb, memory_gb, description."""

import json
import sys
from pathlib import Path


def main() -> None:
    """Read the journal named by the first argument (default: autoresearch.jsonl here)."""
    file = Path(sys.argv[1] if len(sys.argv) > 1 else "autoresearch.jsonl")
    print("experiment_id\tstatus\tval_bpb\tmemory_gb\tdescription")
    for line in file.read_text(encoding="utf-8").splitlines():
        run = json.loads(line)
        if "run" not in run:
            continue
        memory = run.get("metrics", {}).get("memory_gb", "")
        words = " ".join(str(run.get("description", "")).split())
        print(run.get("experiment_id") or "baseline", run["status"], run["metric"] or "", memory, words, sep="\t")


if __name__ == "__main__":
    main()
