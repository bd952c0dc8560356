"""What of the machine's files a run has in reach: homes and work trees hidden, but for what it is meant to use.

Hidden are the homes, the person's work tree (with the session's journal and state), the copies of other experiments,
the sockets of services, and for root what the system closes to others. Back come, read-only: the toolchains that PATH
and their own variables name, this bundle, and what a protected script or a variable of the session names by its full
path (with the environment or the installed tool it belongs to). Files with passwords inside of a toolchain are covered.
"""

import contextlib
import functools
import os
import pwd
import re
import stat
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from helpers import git, paths
from helpers.run.isolation import environment, mounts

BESIDE = "base"
"""The folder beside a run's copy that holds the baseline during a screen."""
HOMES = ("/home", "/root")
SERVICES = ("/run", "/var/run")
"""Folders of sockets: a container engine's or a user's services would act for the run outside of the walls."""
_SYSTEM = ("/etc", "/var/lib", "/var/log", "/var/spool", "/var/backups")
_OF_SERVICES = ("systemd/resolve", "resolvconf", "NetworkManager", "current-system", "opengl-driver", "nscd")
"""What looking up a name and starting a program need of them."""
_OF_PREFIX = ("bin", "lib", "lib64", "libexec", "include", "share/uv", "share/pipx", "share/mise", "share/pnpm")
"""What belongs to programs where a prefix such as ~/.local holds the person's data as well."""
_SECRETS = {
    "CARGO_HOME": ("credentials", "credentials.toml"),
    "GRADLE_USER_HOME": ("gradle.properties", "init.gradle"),
    "MAVEN_USER_HOME": ("settings.xml", "settings-security.xml"),
    "GEM_HOME": ("credentials",),
}
_FULL_PATH = re.compile(r"(?<![\w.~}$)/-])/[\w.@%+~-][\w./@%+~-]*")


@dataclass(frozen=True)
class Reach:
    """The walls of one run in `folder` (copy, home, tmp) for the repository at `root`."""

    root: Path
    folder: Path
    siblings: Path
    env: Mapping[str, str]
    named: str = ""
    """Texts besides the protected scripts that may name paths: the build command, the session's variables."""
    network: bool = False
    keep: Sequence[Path] = field(default=())

    def walls(self, *, building: bool = False) -> Callable[[], None] | None:
        """Return what the fresh child calls, None where the system has no walls; a build writes to layers."""
        copy = self.folder / "copy"
        folders, files = _closed()
        private = [*_private(self.root), *folders]
        hidden = [*private, self.siblings, *map(Path, SERVICES)]
        fixed = [copy / name for name in paths.PROTECTED]
        texts = [file.read_text(encoding="utf-8", errors="replace") for file in fixed if file.is_file()]
        shown = [*self.keep, *_tools(self.env, private), *_named([*texts, self.named], private, self.root)]
        secrets = [Path(self.env[k]) / name for k, names in _SECRETS.items() if k in self.env for name in names]
        secrets += files
        return mounts.read_only_mounts(
            [copy, self.folder / "home", self.folder / "tmp", self.folder / BESIDE],
            hidden,
            shown,
            fixed,
            secrets=secrets,
            layers=environment.caches(self.env),
            layer_folder=self.folder / "layers",
            building=building,
            network=self.network,
        )


def _private(root: Path) -> list[Path]:
    """Return the folders that are the person's: homes, the work tree and the one that it is linked to."""
    with contextlib.suppress(KeyError):
        homes = [os.environ.get("HOME", ""), pwd.getpwuid(os.getuid()).pw_dir, *HOMES]
        found = {Path(home).resolve() for home in homes if home.startswith("/")}
        found.add(root)
        with contextlib.suppress(Exception):  # a worker has the trees without a repository
            common = git.find(root).common_dir
            found.add(common.parent if common.name == ".git" else common)
        return [folder for folder in found if len(folder.parts) > 1 and not str(folder).startswith(("/usr", "/bin"))]
    return [root]


@functools.lru_cache(maxsize=1)
def _closed() -> tuple[list[Path], list[Path]]:
    """Return the system's folders and files that are closed to others: a run of root's could read them."""
    folders: list[Path] = []
    files: list[Path] = []
    for top in _SYSTEM if os.getuid() == 0 else ():
        for place in (place for pattern in ("*", "*/*") for place in Path(top).glob(pattern)):
            with contextlib.suppress(OSError):
                mode = place.lstat().st_mode
                if stat.S_ISDIR(mode) and not mode & 0o005:
                    folders.append(place)
                elif stat.S_ISREG(mode) and not mode & 0o004:
                    files.append(place)
    return folders, files


def _tools(env: Mapping[str, str], private: Iterable[Path]) -> list[Path]:
    """Return the folders of programs; of one that is the person's itself, only what belongs to programs."""
    found = [*environment.tools(env), paths.BUNDLE, Path(sys.prefix), Path(sys.base_prefix)]
    if "AUTORESEARCH_DEPS" in env:
        found.append(Path(env["AUTORESEARCH_DEPS"]))
    services = [Path(place) / name for place in SERVICES for name in _OF_SERVICES]
    closed = tuple(private)
    parts: list[Path] = []
    for folder in found:
        if folder.name == ".local" or _opens(folder, closed):
            parts += [folder / name for name in _OF_PREFIX]
        else:
            parts.append(folder)
    return [*parts, *(Path(entry) for entry in env.get("PATH", "").split(":") if entry), *services]


def _named(texts: Iterable[str], private: Sequence[Path], root: Path) -> list[Path]:
    """Return what the texts name by full path, as far as that lies in a private folder and is not all of it.

    Of an environment, of installed packages, and outside of the work tree of what has a `bin`, it is the whole.
    """
    found: list[Path] = []
    for name in {match.rstrip(".") for text in texts for match in _FULL_PATH.findall(text)}:
        path = Path(os.path.normpath(name))
        if not any(folder in path.parents for folder in private) or not os.path.lexists(path):
            continue
        if _opens(path, private) or set(path.relative_to(_outer(path, private)).parts) & _NEVER:
            continue
        wholes = [parent for parent in path.parents if _is_whole(parent) and not _opens(parent, private)]
        found += wholes[-1:] or [path]
        with contextlib.suppress(OSError):
            real = path.resolve()
            prefix = real.parent.parent
            installed = real != path or root not in prefix.parents
            if real.parent.name == "bin" and installed and prefix.name != ".local" and not _opens(prefix, private):
                found.append(prefix)
    return found


def _is_whole(folder: Path) -> bool:
    """Tell whether a folder holds an environment, or packages (npm's, Composer's) that need each other."""
    marks = ("pyvenv.cfg", "conda-meta", "autoload.php")
    return folder.name == "node_modules" or any((folder / mark).exists() for mark in marks)


_NEVER = {
    *(".ssh", ".aws", ".netrc", ".docker", ".kube", ".gnupg", ".password-store", ".mozilla", "google-chrome"),
    *("gh", "gcloud", ".azure", ".git-credentials", ".bash_history", ".zsh_history", paths.STATE, paths.JOURNAL),
}
"""Parts of paths that no script opens by naming them."""


def _outer(path: Path, private: Iterable[Path]) -> Path:
    return min((folder for folder in private if folder in path.parents), key=lambda f: len(f.parts))


def _opens(path: Path, private: Iterable[Path]) -> bool:
    """Tell whether showing `path` would show a whole private folder."""
    return any(path == folder or path in folder.parents for folder in private)
