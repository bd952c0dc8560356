"""The bundle's own environment: scripts that need packages re-execute themselves there."""

import importlib.util
import os
import shlex
import sys

from helpers import console, paths

_MARK = "AUTORESEARCH_IN_VENV"


def require(*modules: str, extra: str = "") -> None:
    """Make sure that `modules` can be imported, re-executing the script in the bundle's .venv when they cannot.

    Raises Failure (3) naming the one command that installs them. `extra` is a flag of setup.sh, as `--with-sky`.
    """
    missing = [m for m in modules if importlib.util.find_spec(m) is None]
    if not missing:
        return
    python = paths.BUNDLE / ".venv" / "bin" / "python"
    if python.exists() and not os.environ.get(_MARK):
        os.environ[_MARK] = "1"
        os.execv(python, [str(python), *sys.argv])  # noqa: S606 - our own interpreter, our own arguments
    command = f"bash {shlex.quote(str(paths.BUNDLE / 'setup.sh'))} --deps-only{' ' + extra if extra else ''}"
    raise console.outside(f"the package {missing[0]} is missing from the bundle's environment", f"run: {command}")
