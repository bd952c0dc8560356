#!/usr/bin/env bash
# The model must still be one: probabilities that sum to 1, and a training that learns. The data must be as it was.
set -euo pipefail
python3 - <<'PY'
import hashlib, train
weights = train.fresh()
before = [3] * train.CONTEXT
for _ in range(50):
    train.step(weights, before, 5)
p = train.probabilities(weights, before)
assert abs(sum(p) - 1) < 1e-9 and p[5] > 0.9, p
digest = hashlib.sha256(bytes(train.corpus(2, 3_000))).hexdigest()
assert digest.startswith("35fab85d1be01acb"), f"the held-out text changed: {digest}"
PY
