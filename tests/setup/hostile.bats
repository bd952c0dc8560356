#!/usr/bin/env bats
# A repository that a stranger made: setup.sh runs nothing and trusts nothing that lies in it, and leaves what is yours.

load common

setup_file() { make_bundle "$BATS_FILE_TMPDIR/bundle"; }
setup() {
  common_setup
  TRAP="touch '$BATS_TEST_TMPDIR/ran'"
  mkdir "$BATS_TEST_TMPDIR/mine" && echo mine >"$BATS_TEST_TMPDIR/mine/profile"
}

brought() { # commits what lies here, as a clone would have it
  git_here . add -f -A
  git_here . commit -q -m hostile
}

nothing_ran() { # and nothing outside changed
  [ ! -e "$BATS_TEST_TMPDIR/ran" ]
  [ mine = "$(cat "$BATS_TEST_TMPDIR/mine/profile")" ]
  [ profile = "$(ls -A "$BATS_TEST_TMPDIR/mine")" ]
}

program() { # program FILE: runs when somebody takes it for his own
  mkdir -p "$(dirname "$1")"
  printf '#!/bin/sh\n%s\nexec python3 "$@"\n' "$TRAP" >"$1"
  chmod +x "$1"
}

@test "an environment and a note of an installation that the repository brought are refused, never run" {
  program "$SKILL/.venv/bin/python"
  touch "$SKILL/.installed"
  mkdir -p "$SKILL/helpers" && echo "import os; os.system('''$TRAP''')" | tee "$SKILL/helpers/__init__.py" >"$SKILL/helpers/paths.py"
  touch "$SKILL/SKILL.md"
  brought
  for how in "" --no-deps; do
    run bash "$BUNDLE/setup.sh" $how
    [ 4 -eq "$status" ]
    [[ "$output" == *"brought"* ]]
  done
  run bash "$BUNDLE/setup.sh" --uninstall
  nothing_ran
}

@test "an environment alone is refused too" {
  program "$SKILL/.venv/bin/python"
  brought
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 4 -eq "$status" ]
  nothing_ran
}

@test "links that lead out of the repository are refused, at every place on the way" {
  for name in .agents .agents/skills .claude .claude/skills "$SKILL/.installed" "$SKILL/.venv"; do
    rm -rf .agents .claude
    mkdir -p "$(dirname "$name")"
    ln -s "$BATS_TEST_TMPDIR/mine" "$name"
    [ "$SKILL/.installed" != "$name" ] || ln -sfn "$BATS_TEST_TMPDIR/mine/profile" "$name"
    run bash "$BUNDLE/setup.sh" --no-deps
    [ 4 -eq "$status" ]
    run bash "$BUNDLE/setup.sh" --uninstall
    [ 0 -ne "$status" ]
    nothing_ran
  done
}

@test "settings of the repository run nothing, and choose no other folder" {
  program trap.sh
  for key in core.fsmonitor core.pager core.sshCommand core.editor filter.x.clean filter.x.smudge diff.external; do
    git config "$key" "$PWD/trap.sh"
  done
  printf '[core]\n\tfsmonitor = %s\n\thooksPath = .\n' "$PWD/trap.sh" >"more" && git config include.path ../more
  echo '* filter=x' >.gitattributes
  cp trap.sh post-index-change && cp trap.sh post-checkout
  bash "$BUNDLE/setup.sh" --no-deps
  bash "$SKILL/setup.sh" --uninstall
  nothing_ran
  git config core.worktree "$BATS_TEST_TMPDIR/mine"
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 4 -eq "$status" ]
  nothing_ran
}

@test "a stranger's names reach no terminal as they are" {
  local evil=$'x\e]0;t\a\e[2K\xe2\x80\xaey\xc2\x9bz'
  mkdir -p "$(dirname "$SKILL")" && ln -s "$evil" "$SKILL"
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 4 -eq "$status" ]
  [[ "$output" == *"symbolic link"* && "$output" != *[$'\e\a']* && "$output" != *$'\xe2\x80\xae'* && "$output" != *$'\xc2\x9b'* ]]
  rm "$SKILL"
  bash "$BUNDLE/setup.sh" --no-deps
  touch "$SKILL/helpers/$evil"
  for how in --no-deps --uninstall; do
    run bash "$BUNDLE/setup.sh" "$how"
    [ 0 -eq "$status" ]
    [[ "$output" == *yours* && "$output" != *[$'\e\a']* && "$output" != *$'\xe2\x80\xae'* ]]
  done
}

@test "piped, a file of the repository named main is not the bundle" {
  mkdir -p sub/helpers
  touch sub/main sub/SKILL.md
  echo "import os; os.system('''$TRAP''')" | tee sub/helpers/__init__.py >sub/helpers/paths.py
  cd sub
  run bash -s -- --no-deps --dir "$TARGET" <"$BUNDLE/setup.sh"
  [ 2 -eq "$status" ]
  nothing_ran
}

@test "an exclude file that is a link is left alone, and it says so" {
  ln -sf "$BATS_TEST_TMPDIR/mine/profile" .git/info/exclude
  run bash "$BUNDLE/setup.sh" --no-deps
  [ 0 -eq "$status" ]
  [[ "$output" == *"is a link"* ]]
  bash "$SKILL/setup.sh" --uninstall
  nothing_ran
}

@test "an update keeps what you changed and added in the bundle's folder, and names it" {
  bash "$BUNDLE/setup.sh" --no-deps
  echo "# mine" >>"$SKILL/SKILL.md"
  echo mine >"$SKILL/helpers/mine.txt"
  ln -s /nowhere "$SKILL/references/link"
  cp -R "$BUNDLE" "$BATS_TEST_TMPDIR/newer" && echo new >>"$BATS_TEST_TMPDIR/newer/SKILL.md"
  rm "$BATS_TEST_TMPDIR/newer/references/judging.md"
  run bash "$BATS_TEST_TMPDIR/newer/setup.sh" --no-deps
  [ 0 -eq "$status" ]
  [[ "$output" == *"SKILL.md.orig"* && "$output" == *"helpers/mine.txt"* ]]
  cmp "$SKILL/SKILL.md" "$BATS_TEST_TMPDIR/newer/SKILL.md"
  [ "# mine" = "$(tail -n 1 "$SKILL/SKILL.md.orig")" ]
  [ mine = "$(cat "$SKILL/helpers/mine.txt")" ]
  [ -L "$SKILL/references/link" ]
  [ ! -e "$SKILL/references/judging.md" ]
  bash "$BUNDLE/setup.sh" --no-deps
  [ "# mine" = "$(tail -n 1 "$SKILL/SKILL.md.orig")" ]
  [ ! -e "$SKILL/.yours" ]
}

@test "--uninstall leaves your notes and edits in the bundle's folder, and says which" {
  bash "$BUNDLE/setup.sh" --no-deps
  echo mine >"$SKILL/notes.md"
  echo "# mine" >>"$SKILL/references/judging.md"
  run bash "$SKILL/setup.sh" --uninstall
  [ 0 -eq "$status" ]
  [[ "$output" == *"$SKILL/notes.md"* && "$output" == *"$SKILL/references/judging.md"* ]]
  [ mine = "$(cat "$SKILL/notes.md")" ]
  [ 2 = "$(find "$SKILL" -type f | wc -l)" ]
  [ "" = "$(git status --porcelain)" ]
}

@test "exclude lines that were yours before stay, though they are ours too" {
  printf '/papers/\n/experiment.yaml\n' >>.git/info/exclude
  cp .git/info/exclude "$BATS_TEST_TMPDIR/before"
  bash "$BUNDLE/setup.sh" --no-deps
  bash "$SKILL/setup.sh" --uninstall
  diff "$BATS_TEST_TMPDIR/before" .git/info/exclude
}
