#!/usr/bin/env bash
# Holdout: the same metric on a second workload of another shape. Measured only for candidates that have won.
set -euo pipefail

# Copy autoresearch.sh here and change its input: other sizes, other distributions, other options.
echo "autoresearch.holdout.sh is still the template" >&2
exit 1
