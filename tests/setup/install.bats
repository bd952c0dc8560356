#!/usr/bin/env bats
# What setup.sh puts into a repository, and that it takes nothing of the person's.

load common

setup_file() { make_bundle "$BATS_FILE_TMPDIR/bundle"; }
setup() { common_setup; }

@test "from a clone it installs the skill, links it, and git status stays clean" {
  bash "$BUNDLE/setup.sh" --no-deps
  [ -f "$SKILL/SKILL.md" ]
  [ -f "$SKILL/helpers/paths.py" ]
  [ "../../.agents/skills/autoresearch" = "$(readlink .claude/skills/autoresearch)" ]
  [ .claude/skills/autoresearch/SKILL.md -ef "$SKILL/SKILL.md" ]
  cmp experiment.yaml "$BUNDLE/experiment.yaml"
  cmp instructions.md "$BUNDLE/instructions.md"
  python3 "$SKILL/scripts/snapshot_workdir.py" list # leaves byte code in the installed folder
  [ "" = "$(git status --porcelain)" ]
}

@test "the bundle's tests, benchmarks, history and caches are not copied" {
  mkdir -p "$BUNDLE/helpers/__pycache__" "$BUNDLE/scripts/.mypy_cache"
  touch "$BUNDLE/helpers/__pycache__/stale.pyc"
  bash "$BUNDLE/setup.sh" --no-deps
  for name in .git .ci tests benchmarks scripts/.mypy_cache helpers/__pycache__/stale.pyc; do
    [ ! -e "$SKILL/$name" ]
  done
  PYTHONDONTWRITEBYTECODE=1 git -C "$TARGET" ls-files --others --exclude-per-directory=.gitignore -- "$SKILL" >others
  run grep -e pycache -e '\.installed' others # hidden by the bundle's own .gitignore too: some people commit skills
  [ 1 -eq "$status" ]
}

@test "piped, it fetches the bundle from --repo and --ref, a branch, a tag or AUTORESEARCH_REPO" {
  git_here "$BUNDLE" tag -f v9 >/dev/null
  bash -s -- --no-deps --repo "file://$BUNDLE" --ref v9 <"$BUNDLE/setup.sh"
  cmp "$SKILL/SKILL.md" "$BUNDLE/SKILL.md"
  rm -rf "$SKILL"
  AUTORESEARCH_REPO="file://$BUNDLE" bash -s -- --no-deps <"$BUNDLE/setup.sh"
  cmp "$SKILL/SKILL.md" "$BUNDLE/SKILL.md"
  [ "" = "$(git status --porcelain)" ]
  [ "" = "$(ls -A "$TMPDIR")" ]
}

@test "piped without an address, or with a wrong one, it says what to give and changes nothing" {
  everything . >"$BATS_TEST_TMPDIR/before"
  run bash -s -- --no-deps <"$BUNDLE/setup.sh"
  [ 2 -eq "$status" ]
  [[ "$output" == *"--repo"* ]]
  run bash -s -- --no-deps --repo "file://$BATS_TEST_TMPDIR/nowhere" <"$BUNDLE/setup.sh"
  [ 3 -eq "$status" ]
  run bash -s -- --no-deps --repo "file://$TARGET" <"$BUNDLE/setup.sh"
  [ 2 -eq "$status" ]
  everything . | diff "$BATS_TEST_TMPDIR/before" -
}

@test "a second run changes nothing" {
  bash "$BUNDLE/setup.sh" --no-deps
  everything . | grep -v -e __pycache__ -e '\.pyc' >"$BATS_TEST_TMPDIR/before"
  bash "$BUNDLE/setup.sh" --no-deps
  bash "$SKILL/setup.sh" --no-deps # also from the installed folder
  everything . | grep -v -e __pycache__ -e '\.pyc' | diff "$BATS_TEST_TMPDIR/before" -
}

@test "an update replaces the bundle's files and keeps its environment" {
  bash "$BUNDLE/setup.sh" --no-deps
  mkdir -p "$SKILL/.venv"
  touch "$SKILL/.venv/kept"
  cp -R "$BUNDLE" "$BATS_TEST_TMPDIR/newer"
  echo new >"$BATS_TEST_TMPDIR/newer/SKILL.md"
  rm "$BATS_TEST_TMPDIR/newer/helpers/venv.py"
  bash "$BATS_TEST_TMPDIR/newer/setup.sh" --no-deps
  [ new = "$(cat "$SKILL/SKILL.md")" ]
  [ ! -e "$SKILL/helpers/venv.py" ]
  [ -e "$SKILL/.venv/kept" ]
}

@test "the person's own experiment.yaml, instructions.md and .claude skill are never overwritten, and it says so" {
  echo mine >experiment.yaml
  ln -s elsewhere instructions.md
  mkdir -p .claude/skills/autoresearch
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 0 -eq "$status" ]
  [ mine = "$(cat experiment.yaml)" ]
  [ elsewhere = "$(readlink instructions.md)" ]
  [ ! -L .claude/skills/autoresearch ]
  [[ "$output" == *"experiment.yaml: you have your own"* ]]
  [[ "$output" == *"instructions.md: you have your own"* ]]
  [[ "$output" == *".claude/skills/autoresearch: you have your own"* ]]
}

@test "a folder or link of the person's at the skill's place is refused and left alone" {
  mkdir -p "$SKILL"
  echo mine >"$SKILL/SKILL.md"
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 4 -eq "$status" ]
  [ mine = "$(cat "$SKILL/SKILL.md")" ]
  rm -r "$SKILL"
  ln -s "$HOME" "$SKILL"
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 4 -eq "$status" ]
  [ -L "$SKILL" ]
  [ "" = "$(ls -A "$HOME")" ]
}

@test ".claude/skills that is itself a link to .agents/skills is enough" {
  mkdir -p .claude .agents/skills
  ln -s ../.agents/skills .claude/skills
  bash "$BUNDLE/setup.sh" --no-deps
  [ .claude/skills/autoresearch -ef "$SKILL" ]
  [ ! -L "$SKILL" ]
}

@test "what it excludes is what helpers/paths.py names, once each, also from a linked worktree" {
  git worktree add -q "$BATS_TEST_TMPDIR/tree"
  cd "$BATS_TEST_TMPDIR/tree"
  mkdir deep
  (cd deep && bash "$BUNDLE/setup.sh" --no-deps)
  [ -f "$SKILL/SKILL.md" ]
  [ "" = "$(git status --porcelain)" ]
  cd "$TARGET" && bash "$BUNDLE/setup.sh" --no-deps
  python3 -c 'import sys; sys.path.insert(0, sys.argv[1]); from helpers import paths; print(*("/" + l for l in paths.EXCLUDED), sep="\n")' "$BUNDLE" >"$BATS_TEST_TMPDIR/wanted"
  grep -v '^#' "$TARGET/.git/info/exclude" | diff "$BATS_TEST_TMPDIR/wanted" -
}

@test "TARGET_REPO is a folder, or a URL which is cloned once" {
  cd "$BATS_TEST_TMPDIR"
  TARGET_REPO="$TARGET" bash "$BUNDLE/setup.sh" --no-deps
  [ -f "$TARGET/$SKILL/SKILL.md" ]
  TARGET_REPO="file://$TARGET" bash "$BUNDLE/setup.sh" --no-deps --dir cloned
  [ -f "cloned/$SKILL/SKILL.md" ]
  [ -f cloned/program.py ]
  TARGET_REPO="file://$TARGET" bash "$BUNDLE/setup.sh" --no-deps --dir cloned
  mkdir other
  TARGET_REPO="file://$TARGET" run bash "$BUNDLE/setup.sh" --no-deps --dir other
  [ 4 -eq "$status" ]
  TARGET_REPO=nowhere run bash "$BUNDLE/setup.sh" --no-deps
  [ 2 -eq "$status" ]
}

@test "a repository of somebody else's is named as that, with the way to trust it" {
  GIT_TEST_ASSUME_DIFFERENT_OWNER=1 run bash "$BUNDLE/setup.sh" --no-deps
  [ 2 -eq "$status" ]
  [[ "$output" == *"belongs to somebody else"*"safe.directory '$TARGET"* ]]
  [ ! -e "$SKILL" ]
}

@test "no repository, the bundle's own clone, and unknown options end with exit 2 and a next step" {
  mkdir "$BATS_TEST_TMPDIR/plain" && cd "$BATS_TEST_TMPDIR/plain"
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 2 -eq "$status" ]
  [[ "$output" == *"next:"* ]]
  cd "$BUNDLE" && run bash setup.sh --no-deps
  [ 2 -eq "$status" ]
  cd "$TARGET" && run bash "$BUNDLE/setup.sh" --frobnicate
  [ 2 -eq "$status" ]
  run bash "$BUNDLE/setup.sh" --ref
  [ 2 -eq "$status" ]
}

@test "--dry-run says what it would do and changes nothing" {
  everything . >"$BATS_TEST_TMPDIR/before"
  run bash "$BUNDLE/setup.sh" --dry-run
  [ 0 -eq "$status" ]
  [[ "$output" == *"would copy the bundle"* ]]
  run bash -s -- --dry-run --repo "file://$BUNDLE" <"$BUNDLE/setup.sh"
  [ 0 -eq "$status" ]
  [[ "$output" == *"would fetch"* ]]
  everything . | diff "$BATS_TEST_TMPDIR/before" -
}

@test "a hook's GIT_DIR does not lead it astray" {
  make_target "$BATS_TEST_TMPDIR/outer"
  GIT_DIR="$BATS_TEST_TMPDIR/outer/.git" GIT_WORK_TREE="$BATS_TEST_TMPDIR/outer" bash "$BUNDLE/setup.sh" --no-deps
  [ -f "$TARGET/$SKILL/SKILL.md" ]
  [ ! -e "$BATS_TEST_TMPDIR/outer/.agents" ]
}

@test "it prints the prompt to paste, with examples, and asks nothing" {
  run bash "$BUNDLE/setup.sh" --no-deps </dev/null
  [ 0 -eq "$status" ]
  [[ "$output" == *"Follow instructions.md"* ]]
}

@test "sky's answer is shown, and one that never comes is cut off" {
  mkdir "$BATS_TEST_TMPDIR/bin"
  printf '#!/bin/sh\necho "  Slurm: enabled [compute]"; echo "  AWS: disabled"\n' >"$BATS_TEST_TMPDIR/bin/sky"
  chmod +x "$BATS_TEST_TMPDIR/bin/sky"
  PATH="$BATS_TEST_TMPDIR/bin:$PATH" run bash "$BUNDLE/setup.sh" --no-deps
  [ 0 -eq "$status" ]
  [[ "$output" == *"Slurm: enabled"* ]]
  [[ "$output" != *AWS* ]]
  printf '#!/bin/sh\nsleep 60 & wait\n' >"$BATS_TEST_TMPDIR/bin/sky"
  PATH="$BATS_TEST_TMPDIR/bin:$PATH" AUTORESEARCH_SKY_SECONDS=0.2 run bash "$BUNDLE/setup.sh" --no-deps
  [ 0 -eq "$status" ]
  [[ "$output" == *"gave no answer"* ]]
}
