#!/usr/bin/env bash
# Puts the autoresearch skill into a git repository. Run it inside that repository, from a clone of the bundle
# (bash PATH/TO/CLONE/setup.sh) or piped (curl -fsSL URL | bash); --help says the rest, --dry-run what it would do.
# No sudo, no edits outside the repository. Everything below the next line stands in one { ... } block, which bash reads
# whole before it runs any of it: a download cut off anywhere runs nothing.
[ -n "${BASH_VERSION:-}" ] || { echo "setup.sh needs bash: curl -fsSL URL | bash" >&2 && exit 2; }
{
  set -euo pipefail
  SELF=${BASH_SOURCE[0]:-} # inside of a function, piped, it would be "main"

  DEFAULT_REPO=https://github.com/_OWNER_/autoresearch # whoever publishes this bundle puts their name here; no account can be called _OWNER_
  ITEMS="SKILL.md instructions.md experiment.yaml setup.sh bundle.py helpers scripts references examples pyproject.toml uv.lock
    LICENSE README.md CHANGELOG.md .gitignore"
  SKILL=.agents/skills/autoresearch
  LINK=.claude/skills/autoresearch
  MINE="autoresearch.jsonl autoresearch.md autoresearch.ideas.md papers .autoresearch IMPROVEMENTS.md
    autoresearch.sh autoresearch.checks.sh autoresearch.holdout.sh autoresearch.outputs.sh setup_deps.sh"

  help() {
    cat <<'END'
Put the autoresearch skill into a git repository, so that an agent can make its program faster.

usage: cd YOUR/REPOSITORY && bash CLONE/setup.sh [options]        from a clone of the bundle
       curl -fsSL URL/setup.sh | bash -s -- [options]             piped: the bundle comes from --repo

  --demo          no repository needed: work one whole session on a small example and show it
  --with-sky      also install SkyPilot, for experiments on clouds, Kubernetes or Slurm
  --with-picture  also install matplotlib, for the progress picture of render_report.py
  --with-waves    also install Optuna, for plan_wave.py suggest
  --dir DIR       the repository to install into (default: the current folder's),
                  or where to clone TARGET_REPO to when that is a URL
  --repo URL      git repository to get the bundle from (also AUTORESEARCH_REPO); wins over the clone
  --ref REF       its branch, tag or commit (also AUTORESEARCH_REF; default: its HEAD)
  --no-deps       leave out the bundle's environment of Python packages (.venv in the installed folder)
  --deps-only     only make that environment, in setup.sh's own folder
  --dry-run       say what would be done, and change nothing
  --uninstall     remove what was installed; journal, papers and your own files stay
  --help          this text

environment: TARGET_REPO (a folder, or a URL which is cloned), AUTORESEARCH_REPO, AUTORESEARCH_REF
exit codes: 0 done, 2 wrong usage or input, 3 something outside failed (network, packages), 4 refused: not ours to touch
END
  }

  plain() { # a line that may hold a stranger's names: what would act unseen on a terminal is a question mark
    local LC_ALL=C text=$*
    text=${text//[$'\001'-$'\010'$'\013'-$'\037'$'\177']/?}
    text=${text//$'\302'[$'\200'-$'\237']/?}
    text=${text//$'\342\200'[$'\213'-$'\217'$'\250'-$'\256']/?}
    printf '%s\n' "${text//$'\342\201'[$'\240'-$'\257']/?}"
  }
  note() { plain "$*" >&2; }
  fail() { # fail CODE MESSAGE NEXT
    note "error: ${2//$'\n'/ }"
    note "  next: ${3//$'\n'/ }"
    exit "$1"
  }
  act() { # runs a command that changes something, or says it
    if [ "$dry" = 1 ]; then note "would run: $*"; else "$@"; fi
  }
  py() { "$python" -I "$@" </dev/null; }
  git() { # settings of the repository run nothing, and no folder that only looks like a repository is one
    command git -c core.fsmonitor=false -c core.hooksPath=/dev/null -c safe.bareRepository=explicit --no-pager "$@"
  }

  arguments() {
    dry=0 deps=yes extra="" mode=install dir="" repo="${AUTORESEARCH_REPO:-}" ref="${AUTORESEARCH_REF:-}"
    while [ $# -gt 0 ]; do
      case "$1" in
        --dir | --repo | --ref)
          [ -n "${2:-}" ] || fail 2 "$1 needs a value" "setup.sh --help"
          case "$1" in --dir) dir=$2 ;; --repo) repo=$2 ;; --ref) ref=$2 ;; esac
          shift
          ;;
        --demo) mode=demo ;;
        --deps-only) mode=deps ;;
        --uninstall) mode=uninstall ;;
        --with-sky) extra="${extra:+$extra,}sky" ;;
        --with-picture) extra="${extra:+$extra,}picture" ;;
        --with-waves) extra="${extra:+$extra,}waves" ;;
        --no-deps) deps=no ;;
        --dry-run) dry=1 ;;
        -h | --help) help && exit 0 ;;
        *) fail 2 "unknown option $1" "setup.sh --help" ;;
      esac
      shift
    done
  }

  requirements() {
    command -v git >/dev/null || fail 3 "git is missing" "install git 2.30 or newer"
    python=$(command -v python3) || fail 3 "python3 is missing" "install Python 3.10 or newer"
    # shellcheck disable=SC2046 # names of variables: an outer hook's GIT_DIR must not redirect us
    unset $(git rev-parse --local-env-vars)
    export GIT_TERMINAL_PROMPT=0
    py -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
      fail 3 "$python is older than 3.10" "put a newer python3 first on PATH"
  }

  # --- where the bundle comes from -------------------------------------------------------------------------------

  own_folder() { # the folder of this script, when a bundle lies there
    local folder
    [ -f "$SELF" ] || return 1
    folder=$(cd "$(dirname "$SELF")" && pwd -P)
    is_bundle "$folder" && printf '%s\n' "$folder"
  }

  is_bundle() { [ -f "$1/SKILL.md" ] && [ -f "$1/helpers/paths.py" ]; }

  find_bundle() { # sets bundle; without a clone, or when asked for another version, it is fetched
    if [ -z "${repo:+x}${ref:+x}" ] && bundle=$(own_folder); then return; fi
    repo=${repo:-$DEFAULT_REPO}
    case "$repo" in
      */_OWNER_/*) fail 2 "no address to get the bundle from" "give --repo URL (or AUTORESEARCH_REPO), or run setup.sh from a clone" ;;
      -* | ext::*) fail 2 "$repo is not a repository's address" "give a URL or a folder" ;;
    esac
    case "$ref" in -*) fail 2 "$ref is not a revision" "give a branch, a tag or a commit" ;; esac
    if [ "$dry" = 1 ]; then
      bundle=""
      note "would fetch the bundle from $repo ${ref:-HEAD}"
      return
    fi
    fetched=$(mktemp -d "${TMPDIR:-/tmp}/autoresearch-setup.XXXXXX")
    trap 'rm -rf "$fetched"' EXIT
    note "fetching $repo ${ref:-HEAD}"
    { git init -q "$fetched" && git -C "$fetched" fetch -q --depth 1 "$repo" "${ref:-HEAD}" </dev/null &&
      git -C "$fetched" -c advice.detachedHead=false checkout -q FETCH_HEAD; } ||
      fail 3 "could not fetch ${ref:-HEAD} of $repo" "check the address and the network, then run it again"
    is_bundle "$fetched" ||
      fail 2 "$repo ${ref:-HEAD} holds no autoresearch bundle" "give the bundle's address with --repo"
    bundle=$fetched
  }

  # --- where it goes ---------------------------------------------------------------------------------------------

  find_target() { # sets root, dest
    local target=${TARGET_REPO:-} folder=${dir:-.} said
    if [ -d "$target" ]; then
      [ -z "$dir" ] || fail 2 "TARGET_REPO is a folder, and --dir another" "give one of them"
      folder=$target
    elif [ -n "$target" ]; then
      case "$target" in
        *://* | *@*:*) clone_target "$target" ;;
        *) fail 2 "TARGET_REPO=$target is neither a folder nor a URL" "give one of them" ;;
      esac
    fi
    [ -d "$folder" ] || fail 2 "$folder is not a folder" "give an existing repository"
    root=$(git -C "$folder" rev-parse --show-toplevel 2>/dev/null) || root=""
    if [ -z "$root" ]; then
      said=$(LC_ALL=C git -C "$folder" rev-parse --show-toplevel 2>&1 | head -n 1) || true
      case "$said" in
        *"dubious ownership"*) fail 2 "git refuses $folder, which belongs to somebody else" "run as its owner, or: git config --global --add safe.directory ${said#* at }" ;;
      esac
      fail 2 "$folder is not inside a git repository with a work tree ($said)" "cd into your repository, or run git init there; or try --demo"
    fi
    [ -e "$root/.git" ] || fail 4 "git's settings say that $root is the work tree, and no .git lies there" "cd into the repository's own folder"
    dest=$root/$SKILL
    [ "$root" != "$(own_folder || true)" ] ||
      fail 2 "this is the bundle's own clone" "cd into the repository to optimize, or set TARGET_REPO; --demo needs none"
    git -C "$root" rev-parse -q --verify HEAD >/dev/null || note "note: this repository has no commit yet; a session needs one"
  }

  clone_target() { # sets folder (find_target's)
    folder=${dir:-$(basename "$1" .git)}
    if [ -e "$folder" ]; then
      [ "$(git -C "$folder" config --get remote.origin.url 2>/dev/null)" = "$1" ] ||
        fail 4 "$folder exists and is not a clone of $1" "give another folder with --dir"
      note "$folder: already cloned"
    else
      act git clone -q -- "$1" "$folder" </dev/null || fail 3 "could not clone $1" "check the address and the network"
      [ -d "$folder" ] || exit 0 # a dry run ends here
    fi
  }

  # Only an empty place, or an earlier installation, may be replaced; no link and no submodule is written through.
  check_dest() {
    local name kind real
    for name in .agents .agents/skills .claude .claude/skills; do
      inside "$name" || fail 4 "$name is a link that leads out of the repository" "remove it, then run setup.sh again"
      [ ! -e "$root/$name" ] || [ -d "$root/$name" ] || fail 4 "$name is no folder" "move it away, then run setup.sh again"
    done
    [ ! -L "$dest" ] || fail 4 "$SKILL is a symbolic link to $(readlink "$dest")" "remove it, then run setup.sh again"
    real=$(py -c 'import os, sys; print(os.path.realpath(sys.argv[1]))' "$dest")
    case "$real" in # .agents may lead to .claude, where the exclude lines hold as well, and nowhere else
      "$root/$SKILL" | "$root/$LINK") dest=$real ;;
      *) fail 4 "$SKILL would lie in $real, through a link" "put a folder in the link's place, then run setup.sh again" ;;
    esac
    name=${dest#"$root"/}
    ! submodule "${name%/*}" ||
      fail 4 "$name would lie in a submodule, a repository of its own" "put a folder in the submodule's place, then run setup.sh again"
    while read -r name kind; do
      ours "$dest/$name" "$kind" ||
        fail 4 "$SKILL/$name is a link, or somebody else's: setup.sh did not make it" "move $SKILL away, then run setup.sh again"
      [ "$mode" = uninstall ] || [ ! -d "$dest" ] || ! brought "$dest" "$name" ||
        fail 4 "the repository brought $SKILL/$name along: setup.sh did not make it here" "move $SKILL away, or where you committed it yourself: git rm -r --cached $SKILL/$name"
    done <<<$'.installed -f\n.venv -d\n.yours -d'
    [ ! "$dest" -ef "${bundle:-/}" ] || return 0 # run from there: another installer put it there
    [ ! -e "$dest" ] || [ -f "$dest/.installed" ] || [ -z "$(ls -A "$dest" 2>/dev/null)" ] ||
      fail 4 "$SKILL exists and was not installed by setup.sh" "move it away, then run setup.sh again"
  }

  inside() { # is that name of the repository, where it is a link, one that stays inside of it?
    [ -L "$root/$1" ] || return 0
    local top
    top=$(cd "$root" && pwd -P)
    case "$(cd "$root/$1" 2>/dev/null && pwd -P)/" in "$top"/.git/*) return 1 ;; "$top"/?*) ;; *) return 1 ;; esac
  }

  ours() { # ours PATH -f|-d: a plain file (or folder) of whoever owns the repository, or nothing
    if [ -e "$1" ] || [ -L "$1" ]; then
      [ ! -L "$1" ] && test "$2" "$1" && { [ -O "$1" ] || [ ! -O "$root" ]; }
    fi
  }

  submodule() { # submodule A/B: is it one, or A?
    local said
    said=$(git -C "$root" ls-files -s -- "${1%/*}" "$1") || fail 4 "git cannot say what $1 is" "mend the repository, then run setup.sh again"
    grep -qE $'^160000 [^\t]*\t'"(${1%/*}|$1)\$" <<<"$said"
  }

  brought() { # brought FOLDER NAME: does the repository that FOLDER lies in track NAME? A question that fails is no "no".
    local said
    said=$(git -C "$1" ls-files -- ":(icase)$2" 2>/dev/null) ||
      fail 4 "git cannot say whether the repository brought $2 along: $(LC_ALL=C git -C "$1" ls-files -- "$2" 2>&1 | head -n 1)" "mend the repository, or move ${1#"$root"/} away, then run setup.sh again"
    [ -n "$said" ]
  }

  own_git() { # is .git this work tree's, and no link or file that leads to the .git of another one?
    local common
    common=$(cd "$root" && cd "$(git rev-parse --git-common-dir)" && pwd -P)
    case "$common" in "$root/.git") ;; */.git) git -C "$root" worktree list --porcelain | grep -xF "worktree $root" >/dev/null ;; esac
  }

  exclude() { # the lines of .git/info/exclude; the one place for names is helpers/paths.py
    own_git || { note ".git leads to another work tree's, whose exclude file is left alone: git status will show our files" && return; }
    (cd "$root" && py -c 'import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from helpers import console, git, paths
console.main(lambda argv: git.exclude(git.find(), paths.EXCLUDED) and None)' "$bundle")
  }

  # What is the person's in the bundle's folder: files that .installed does not know, or knows with another content.
  #   files aside DEST     moves them out of an update's way, into DEST/.yours
  #   files back DEST      brings them back, beside the bundle's where that has one of the name; and records what is ours
  #   files remove DEST    removes what is ours, and says what stays
  files() {
    py -c 'import hashlib, os, sys
verb, dest = sys.argv[1:3]
note, kept = os.path.join(dest, ".installed"), os.path.join(dest, ".yours")
def digest(file):
    if os.path.islink(file) or not os.path.isfile(file):
        return "other" # none of the bundle is one, and a pipe is not read
    with open(file, "rb") as content:
        return hashlib.sha256(content.read()).hexdigest()
def free(name): # where that file of theirs may lie: below plain folders, and over nothing
    place, parts = dest, name.split(os.sep)
    for i, part in enumerate(parts):
        wanted = place = os.path.join(place, part)
        number = ""
        while os.path.lexists(place) and (i == len(parts) - 1 or os.path.islink(place) or not os.path.isdir(place)):
            place = wanted + ".orig" + str(number)
            number = (number or 1) + 1
    return place
def all_in(top):
    for folder, below, names in os.walk(top):
        below[:] = [name for name in below if name != "__pycache__" and not os.path.islink(os.path.join(folder, name))
                    and (folder != dest or not name.startswith((".venv", ".new.", ".yours")))]
        for entry in os.scandir(folder):
            if entry.name not in below and entry.name != "__pycache__" and (folder != dest or not entry.name.startswith((".venv", ".new.", ".yours", ".installed"))):
                yield os.path.relpath(entry.path, top)
def move(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    os.rename(source, target)
rows = open(note, encoding="utf-8", errors="surrogateescape").read().splitlines() if os.path.isfile(note) else []
known = {row[66:]: row[:64] for row in rows if row[64:66] == "  "}
def theirs():
    for name in sorted(all_in(dest)):
        if known.get(name) != digest(os.path.join(dest, name)):
            yield name
if verb == "aside":
    for name in theirs() if known else ():
        move(os.path.join(dest, name), os.path.join(kept, name))
elif verb == "back":
    if os.path.isdir(kept) or not known or len(sys.argv) > 3:
        others = [row for row in rows if row[64:66] != "  "]
        rows = [digest(os.path.join(dest, name)) + "  " + name for name in sorted(all_in(dest))] + others
        if os.path.lexists(note + ".new"):
            os.unlink(note + ".new") # it may be a link
        with open(note + ".new", "x", encoding="utf-8", errors="surrogateescape") as out:
            out.write("".join(row + "\n" for row in rows))
        os.replace(note + ".new", note)
    for name in sorted(all_in(kept)):
        place = free(name)
        if place != os.path.join(dest, name) and digest(os.path.join(dest, name)) == digest(os.path.join(kept, name)) != "other":
            os.unlink(os.path.join(kept, name))
            continue
        move(os.path.join(kept, name), place)
        shown = os.path.relpath(place, dest)
        print("kept, since it is yours:", shown if shown.isprintable() else ascii(shown), file=sys.stderr)
    for folder, _, _ in os.walk(kept, topdown=False):
        os.rmdir(folder)
else:
    stay = set(theirs())
    for name in set(all_in(dest)) - stay:
        os.unlink(os.path.join(dest, name))
    for folder, _, names in os.walk(dest, topdown=False):
        if os.path.basename(folder) == "__pycache__":
            for name in names:
                os.unlink(os.path.join(folder, name))
        if not os.listdir(folder):
            os.rmdir(folder)
    print("\n".join(sorted(stay) + [os.path.join(".yours", name) for name in all_in(kept)]))' "$@"
  }

  # --- installing ------------------------------------------------------------------------------------------------

  copy_bundle() { # item by item, each by a rename, so that the environment in the old folder stays
    local item stage
    mkdir -p "$dest"
    rm -rf "$dest"/.new.*
    [ -f "$dest/.installed" ] || touch "$dest/.installed"
    if [ "$bundle" -ef "$dest" ]; then # run from the installed folder itself
      files back "$dest"
      return
    fi
    files aside "$dest"
    stage=$(mktemp -d "$dest/.new.XXXXXX")
    for item in $ITEMS; do
      [ ! -e "$bundle/$item" ] || cp -R "$bundle/$item" "$stage/$item"
    done
    find "$stage" \( -name __pycache__ -o -name '.*_cache' -o -name .autoresearch \) -prune -exec rm -rf {} +
    for item in $ITEMS; do
      rm -rf "${dest:?}/$item"
      [ ! -e "$stage/$item" ] || mv "$stage/$item" "$dest/$item"
    done
    rm -rf "$stage"
    files back "$dest" anew
  }

  copy_own() { # experiment.yaml and instructions.md: never over a file of the person's
    local name=$1 stage
    if [ ! -e "$root/$name" ] && [ ! -L "$root/$name" ]; then
      act cp "$bundle/$name" "$root/$name"
      if [ "$dry" = 0 ] && ! grep -qx "$name" "$dest/.installed"; then # as a new file: a hard link of the old one stays as it is
        stage=$(mktemp -d "$dest/.new.XXXXXX")
        { cat "$dest/.installed" && printf '%s\n' "$name"; } >"$stage/note"
        mv "$stage/note" "$dest/.installed" && rmdir "$stage"
      fi
    elif [ ! -f "$root/$name" ] || [ -L "$root/$name" ] || ! cmp -s "$root/$name" "$bundle/$name"; then
      note "$name: you have your own, left as it is (the bundle's: $SKILL/$name)"
    fi
  }

  link_claude() {
    local link=$root/$LINK
    if [ "$dry" = 1 ]; then
      note "would link $LINK -> ../../$SKILL"
    elif [ -e "$link" ] || [ -L "$link" ]; then
      [ "$link" -ef "$dest" ] || note "$LINK: you have your own, left as it is"
    elif [ -L "$root/.claude" ] || [ -L "$root/.claude/skills" ] || submodule .claude/skills; then
      note "$LINK: a link or a submodule lies on the way, which nothing is written through: link it to ../../$SKILL yourself"
    else
      mkdir -p "$(dirname "$link")"
      [ "$link" -ef "$dest" ] || ln -s "../../$SKILL" "$link" # .claude/skills may itself be a link to .agents/skills
      [ "$link" -ef "$dest" ] || rm -f "$link"                # .claude leads elsewhere: no dangling link there
    fi
  }

  # --- the bundle's environment ----------------------------------------------------------------------------------

  environment() { # environment FOLDER: FOLDER/.venv with the packages that FOLDER/pyproject.toml names
    local folder=$1 venv=$1/.venv known
    if [ "$dry" = 0 ] && [ -f "$folder/.installed" ] && ! accounted "$venv"; then
      for known in sky:skypilot picture:matplotlib waves:optuna; do # what it was made with
        case ",$extra," in *",${known%:*},"*) continue ;; esac
        [ -z "$(compgen -G "$venv/lib/*/site-packages/${known#*:}-*")" ] || extra="${extra:+$extra,}${known%:*}"
      done
      note "$venv is not as setup.sh made it here (another copy, an older setup.sh, or changed since): removed, and $([ "$deps" = yes ] && echo "made anew" || echo "made anew without --no-deps")"
      rm -rf "$venv"
    fi
    [ "$deps" = yes ] || return 0
    if [ "$dry" = 1 ]; then
      note "would make $venv with the packages of pyproject.toml${extra:+ and its extra ${extra//,/ and }}"
      return
    fi
    py -m compileall -q "$folder/helpers" || true # an agent's sandbox may not be able to write the caches later
    note "making the environment in $venv"
    packages "$folder" "$venv" ||
      fail 3 "the packages could not be installed in $venv" "check the network, then run: bash $folder/setup.sh --deps-only${extra:+ --with-${extra//,/ --with-}}"
    rm -f "$venv/.account"
    account "$venv" >"$venv/.account"
  }

  accounted() { # nothing that could run lies in that environment, or what setup.sh made here, unchanged
    [ ! -L "$1" ] || return 1
    [ -e "$1/bin" ] || [ -L "$1/bin" ] || return 0
    [ -f "$1/.account" ] && [ ! -L "$1/.account" ] && [ "$(cat "$1/.account")" = "$(account "$1")" ]
  }

  # The numbers and times of change that the file system gave to an environment's files: no repository and no archive
  # can bring the same ones along, whatever names and times it chooses.
  account() {
    py -c 'import hashlib, os, sys
seen = hashlib.sha256()
for folder, below, names in os.walk(sys.argv[1]):
    below.sort()
    for name in sorted(below + names):
        file = os.path.join(folder, name)
        if file != os.path.join(sys.argv[1], ".account"):
            of = os.lstat(file)
            seen.update(os.fsencode(f"{file}\n{of.st_ino} {of.st_ctime_ns} {of.st_mode}\n"))
print(seen.hexdigest())' "$1"
  }

  packages() ( # packages FOLDER VENV, in a subshell: with FOLDER current, as uv also reads the settings of where it stands
    away=$(mktemp -d "${TMPDIR:-/tmp}/autoresearch-packages.XXXXXX") # no settings of the repository are read there
    trap 'rm -rf "$away"' EXIT
    for name in pyproject.toml uv.lock README.md LICENSE helpers scripts; do [ ! -e "$1/$name" ] || cp -R "$1/$name" "$away"; done
    cd "$away"
    # The person's settings for packages may say where to get them (indexes, proxies, certificates, caches), nothing else.
    for name in $(compgen -e); do
      case "$name" in
        UV_*INDEX* | UV_FIND_LINKS | UV_CACHE_DIR | UV_*TLS | UV_*CERT* | UV_OFFLINE | UV_CONFIG_FILE | UV_KEYRING_PROVIDER | UV_*TIMEOUT | UV_*RETRIES | UV_INSECURE_HOST) ;;
        PIP_*INDEX* | PIP_FIND_LINKS | PIP_CACHE_DIR | PIP_CERT | PIP_CLIENT_CERT | PIP_PROXY | PIP_CONFIG_FILE | PIP_*TIMEOUT | PIP_RETRIES | PIP_TRUSTED_HOST) ;;
        UV_* | PIP_* | PYTHON* | VIRTUAL_ENV | CONDA_PREFIX) unset "$name" ;;
      esac
    done
    if ! "$2/bin/python" -I -c "" 2>/dev/null || ! grep -qF "$2" "$2/bin/activate"; then
      rm -rf "$2" # its folder was moved, or its interpreter is gone
    fi
    if command -v uv >/dev/null; then
      if with_uv "$2"; then return; fi
      note "uv could not; trying pip" # which may know a mirror, or certificates, that uv does not
    fi
    with_pip "$2"
  )

  with_uv() {
    local wanted=wanted.txt
    [ -d "$1" ] || uv venv -q --python "$(py -c 'import sys; print(sys.executable)')" "$1" || return 1
    # The lock says which versions, and with which hashes; the person's index says where they come from.
    if uv export -q --frozen --no-dev --no-emit-project ${extra:+--extra ${extra//,/ --extra }} >"$wanted" &&
      uv pip install -q --compile-bytecode --python "$1/bin/python" -r "$wanted"; then return; fi
    note "the locked versions could not be installed; trying what pyproject.toml allows"
    uv pip install -q --compile-bytecode --python "$1/bin/python" -r pyproject.toml ${extra:+--extra ${extra//,/ --extra }}
  }

  with_pip() {
    if ! "$1/bin/python" -I -m pip --version >/dev/null 2>&1 && ! "$python" -I -m venv --clear "$1"; then
      note "$python cannot make environments: install python3-venv (Debian, Ubuntu), or uv"
      return 1
    fi
    PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 "$1/bin/python" -I -m pip install -q ".${extra:+[$extra]}" </dev/null
  }

  # --- the end ---------------------------------------------------------------------------------------------------

  check_sky() { # bounded: it asks every cloud
    local sky
    [ "$dry" = 0 ] || return 0
    if [ -x "$dest/.venv/bin/sky" ]; then sky=$dest/.venv/bin/sky; else sky=$(command -v sky) || return 0; fi
    note "checking SkyPilot's credentials (at most ${AUTORESEARCH_SKY_SECONDS:-90} seconds)"
    py "$dest/helpers/checkup/sky.py" "$sky" "${AUTORESEARCH_SKY_SECONDS:-90}" ||
      note "SkyPilot has no usable cloud yet: the local executor needs none; sky check says what is missing"
  }

  say_prompt() {
    cat <<END

Installed in $dest

Start your agent in $root and paste, in your own words:

  Follow instructions.md and make this program faster.

For example:

  Follow instructions.md: make \`python3 bench.py\` take less time. Only src/ may change. At most 30 experiments.
  Follow instructions.md: raise the requests per second that bench/run.sh prints. Search papers and forks. 4 hours.
  Follow instructions.md: lower the peak memory of \`make bench\`, with 4 workers on my cluster, for at most \$20.

Is all ready?  python3 $SKILL/scripts/check_environment.py
Away with it:  bash $SKILL/setup.sh --uninstall
END
  }

  install() {
    find_target
    find_bundle
    check_dest
    if [ "$dry" = 1 ]; then
      note "would copy the bundle to $dest and add its files to .git/info/exclude"
    else
      exclude
      copy_bundle
    fi
    if [ -n "$bundle" ]; then
      copy_own experiment.yaml
      copy_own instructions.md
    fi
    link_claude
    environment "$dest"
    check_sky
    [ "$dry" = 1 ] || say_prompt
  }

  demo() {
    find_bundle
    [ -n "$bundle" ] || return 0
    environment "$bundle"
    act "$python" "$bundle/scripts/demo.py" </dev/null
  }

  only_deps() {
    local folder
    folder=$(own_folder) || fail 2 "--deps-only makes the environment beside setup.sh, and no bundle lies there" "run it from a clone, or install"
    environment "$folder"
    [ "$dry" = 1 ] || printf 'ready: %s\n' "$folder/.venv"
  }

  # --- away with it ----------------------------------------------------------------------------------------------

  uninstall() {
    local name common file copies="" left=""
    find_target
    bundle=$(own_folder) || bundle=""
    check_dest
    if [ -L "$dest" ] || [ ! -f "$dest/.installed" ]; then fail 2 "$root has no bundle that setup.sh installed" "nothing to remove"; fi
    while read -r name; do # only what we copied, and only as we copied it
      case "$name" in experiment.yaml | instructions.md) ;; *) continue ;; esac
      if [ ! -f "$root/$name" ] || [ -L "$root/$name" ]; then continue; fi
      if brought "$root" "$name" || [ ! -f "$dest/$name" ] || ! cmp -s "$root/$name" "$dest/$name"; then
        left="$left $name"
      else
        act rm -f "$root/$name"
      fi
    done <"$dest/.installed"
    common=$(cd "$root" && cd "$(git rev-parse --git-common-dir)" && pwd -P)
    file=$common/info/exclude
    if installed_elsewhere; then
      note "another work tree of this repository has the bundle too: .git/info/exclude stays"
    elif [ "$dry" = 1 ]; then
      note "would remove the bundle's lines from $file"
    fi
    [ -z "$bundle" ] || copies=$(cd "$root" && py -c 'import sys
sys.path.insert(0, sys.argv[1])
from helpers import git, paths
print(paths.workdir_root(git.find().root))' "$bundle" 2>/dev/null) || copies=""
    if [ ! -L "$root/.claude" ] && [ ! -L "$root/.claude/skills" ] && [ -L "$root/$LINK" ] && [ "$root/$LINK" -ef "$dest" ]; then act rm -f "$root/$LINK"; fi
    if brought "$dest" .; then # you committed it
      act rm -rf "$dest/.venv" "$dest/.installed"
      left="$left $SKILL"
    else
      if [ "$dry" = 1 ]; then note "would remove what was installed in $dest"; else
        rm -rf "$dest/.venv" "$dest"/.new.*
        while IFS= read -r name; do [ -z "$name" ] || left="$left $SKILL/$name"; done <<<"$(files remove "$dest" && rm -f "$dest/.installed")"
        rmdir "$dest" 2>/dev/null || true
      fi
    fi
    if [ "$dry" = 0 ] && [ -f "$file" ] && [ ! -L "$file" ] && [ ! -L "${file%/*}" ] && own_git && ! installed_elsewhere; then without_ours "$file"; fi
    for name in "$SKILL" "$LINK"; do
      [ "$dry" = 1 ] || (cd "$root" && rmdir -p "$(dirname "$name")" 2>/dev/null) || true
    done
    for name in $MINE; do [ ! -e "$root/$name" ] || left="$left $name"; done
    [ -z "$(git -C "$root" for-each-ref --count=1 refs/autoresearch/ refs/heads/autoresearch/ refs/heads/autoresearch-merge/)" ] ||
      left="$left refs/autoresearch*/* and branches autoresearch/*, autoresearch-merge/* (git for-each-ref)"
    [ ! -d "$copies" ] || left="$left $copies (isolated copies)"
    [ "$dry" = 1 ] || printf 'Removed the bundle from %s\n' "$root"
    [ -z "$left" ] || plain "Left, since it is yours:$left"
  }

  without_ours() { # removes our lines, between our comments, but those of files that stay: git status must not show them
    py -c 'import os, sys
file, root = sys.argv[1:]
text = open(file, encoding="utf-8", errors="surrogateescape").read()
before, ours, rest = text.partition("# >>> autoresearch: setup.sh --uninstall removes these lines\n")
inside, ended, after = rest.partition("# <<< autoresearch\n")
if ours and ended:
    stay = [line for line in inside.splitlines(True) if os.path.lexists(root + line.rstrip("\n").rstrip("/"))]
    if os.path.lexists(file + ".new"):
        os.unlink(file + ".new") # it may be a link
    with open(file + ".new", "x", encoding="utf-8", errors="surrogateescape") as out:
        out.write(before + (ours + "".join(stay) + ended if stay else "") + after)
    os.replace(file + ".new", file)' "$1" "$root"
  }

  installed_elsewhere() {
    local tree trees
    trees=$(git -C "$root" worktree list --porcelain | sed -n 's/^worktree //p')
    while IFS= read -r tree; do
      if [ ! "$tree" -ef "$root" ] && [ -f "$tree/$SKILL/.installed" ]; then return 0; fi
    done <<<"$trees"
    return 1
  }

  main() {
    arguments "$@"
    requirements
    case "$mode" in
      install) install ;;
      demo) demo ;;
      deps) only_deps ;;
      uninstall) uninstall ;;
    esac
  }

  main "$@"
  exit
}
