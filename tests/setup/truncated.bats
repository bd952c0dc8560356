#!/usr/bin/env bats
# A download that was cut off must run nothing.

load common

setup_file() { make_bundle "$BATS_FILE_TMPDIR/bundle"; }
setup() { common_setup; }

@test "cut off at any byte, the script runs no command and changes no file" {
  local script=$BUNDLE/setup.sh size begin bin=$BATS_TEST_TMPDIR/bin cut
  size=$(wc -c <"$script")
  begin=$(grep -bm1 '^{' "$script" | cut -d: -f1)
  begin=$((begin - 100))
  mkdir "$bin" empty
  for name in git python3 mktemp rm mkdir cp mv ln touch cat find uv dirname curl; do # whatever it calls leaves a trace
    printf '#!/bin/sh\necho "%s $*" >>"%s"\nexit 1\n' "$name" "$BATS_TEST_TMPDIR/trace" >"$bin/$name"
    chmod +x "$bin/$name"
  done
  cuts() { # each byte where the block begins and where it ends, and a sample of what is between
    seq 0 7 "$begin"
    seq "$((begin + 1))" "$((begin + 100))"
    seq "$((begin + 101))" 67 "$((size - 301))"
    seq $((size - 300)) $((size - 2))
  }
  cd empty
  local bash_path
  bash_path=$(command -v bash)
  local whole
  whole=$(cat "$script")
  for cut in $(cuts); do
    printf '%s' "${whole:0:cut}" | PATH="$bin" "$bash_path" -s -- --uninstall >/dev/null 2>&1 || true
    [ ! -e "$BATS_TEST_TMPDIR/trace" ] || { echo "cut at $cut: $("$(type -P head)" "$BATS_TEST_TMPDIR/trace")" && false; }
  done
  [ "" = "$(ls -A)" ]
  PATH="$bin" "$bash_path" -s -- --uninstall <"$script" >/dev/null 2>&1 || true # the whole one does run: the trap works
  [ -e "$BATS_TEST_TMPDIR/trace" ]
}

@test "under a shell that is not bash it says so and does nothing" {
  command -v dash || skip "no dash here"
  run dash "$BUNDLE/setup.sh" --no-deps
  [ 2 -eq "$status" ]
  [ "" = "$(git status --porcelain)" ]
}
