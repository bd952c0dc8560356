"""Scripts import this first: it says so where Python is too old, or the bundle is not whole. Read by Python 3.6 too."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - read by old Pythons


def _end(what: str, do: str) -> None:
    sys.stderr.write(f"error: {what}\n  next: {do}\n")
    sys.exit(3)


if sys.version_info < (3, 10):  # noqa: UP036 - that is the question
    _end(
        f"Python {sys.version.split()[0]} is too old: the bundle needs 3.10 or newer ({sys.executable})",
        "run it with a newer one, as python3.12 SCRIPT, or put that first on PATH",
    )
if not os.path.isfile(os.path.join(HERE, "helpers", "__init__.py")):  # noqa: PTH113, PTH118
    # Without it another package `helpers` on the path would be imported: the user's own.
    _end(
        f"the bundle in {HERE} is not whole: helpers/__init__.py is missing (installed without files "
        "that begin with '_'?)",
        "install it again with setup.sh",
    )
