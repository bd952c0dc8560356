#!/usr/bin/env bats
# --uninstall takes away what setup.sh brought, and nothing else.

load common

setup_file() { make_bundle "$BATS_FILE_TMPDIR/bundle"; }
setup() { common_setup; }

@test "after install and uninstall the repository is as it was" {
  everything . >"$BATS_TEST_TMPDIR/before"
  bash "$BUNDLE/setup.sh" --no-deps
  bash "$SKILL/setup.sh" --uninstall
  everything . | diff "$BATS_TEST_TMPDIR/before" -
}

@test "journal, papers, edited and committed files stay, and it says so" {
  bash "$BUNDLE/setup.sh" --no-deps
  mkdir -p papers .claude/skills/other
  echo '{}' >autoresearch.jsonl
  echo pdf >papers/one.pdf
  echo "# mine" >>experiment.yaml
  git add -f instructions.md
  python3 "$SKILL/scripts/snapshot_workdir.py" create exp-01
  run bash "$BUNDLE/setup.sh" --uninstall
  [ 0 -eq "$status" ]
  for name in autoresearch.jsonl papers/one.pdf experiment.yaml instructions.md .claude/skills/other program.py; do
    [ -e "$name" ]
  done
  [[ "$output" == *"isolated copies"* ]]
  for name in autoresearch.jsonl papers experiment.yaml instructions.md; do
    [[ "$output" == *" $name"* ]]
  done
  [ ! -e "$SKILL" ]
  [ ! -L .claude/skills/autoresearch ]
}

@test "what a session leaves behind does not show in git status afterwards" {
  bash "$BUNDLE/setup.sh" --no-deps
  echo '{}' >autoresearch.jsonl
  mkdir -p .autoresearch && echo log >.autoresearch/log
  bash "$SKILL/setup.sh" --uninstall
  [ -f autoresearch.jsonl ]
  [ -z "$(git status --porcelain)" ]
  [ 0 = "$(grep -cx /instructions.md .git/info/exclude)" ]
}

@test "a file of the person's that was there before is never removed, even when it is equal to ours" {
  cp "$BUNDLE/experiment.yaml" .
  bash "$BUNDLE/setup.sh" --no-deps
  bash "$BUNDLE/setup.sh" --uninstall
  [ -f experiment.yaml ]
  [ ! -e instructions.md ]
}

@test "exclude lines of the person's stay, ours go, and stay while another work tree needs them" {
  printf '/secret\n*.tmp' >>.git/info/exclude # without a last newline
  cp .git/info/exclude "$BATS_TEST_TMPDIR/before"
  git worktree add -q "$BATS_TEST_TMPDIR/tree"
  bash "$BUNDLE/setup.sh" --no-deps
  (cd "$BATS_TEST_TMPDIR/tree" && bash "$BUNDLE/setup.sh" --no-deps)
  bash "$BUNDLE/setup.sh" --uninstall
  grep -qx /autoresearch.jsonl .git/info/exclude
  cd "$BATS_TEST_TMPDIR/tree" && bash "$BUNDLE/setup.sh" --uninstall
  cd "$TARGET"
  diff <(cat "$BATS_TEST_TMPDIR/before" && echo) .git/info/exclude
}

@test "--dry-run changes nothing; where nothing is installed it says so" {
  run bash "$BUNDLE/setup.sh" --uninstall
  [ 2 -eq "$status" ]
  bash "$BUNDLE/setup.sh" --no-deps
  everything . >"$BATS_TEST_TMPDIR/before"
  run bash "$BUNDLE/setup.sh" --uninstall --dry-run
  [ 0 -eq "$status" ]
  [[ "$output" == *"would run: rm"* ]]
  everything . | diff "$BATS_TEST_TMPDIR/before" -
}

@test "a skill that the person committed stays in the work tree" {
  bash "$BUNDLE/setup.sh" --no-deps
  git add -f "$SKILL"
  run bash "$BUNDLE/setup.sh" --uninstall
  [ 0 -eq "$status" ]
  [ -f "$SKILL/SKILL.md" ]
  [[ "$output" == *"$SKILL"* ]]
}
