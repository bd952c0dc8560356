"""Writing a file whole or not at all: a reader finds the old or the new one, even after a crash or on a full disk."""

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def replace(file: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Put `content` in place of `file`; with `durable` it is on disk when this returns and outlives a power cut."""
    with replacing(file, durable=durable) as out:
        out.write(content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)


@contextmanager
def replacing(file: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """Yield what is written to in place of `file`, which changes when the block ends without an error.

    The permissions of the file stay as they were. A link is replaced, not followed.
    """
    partial = file.with_name(f".{file.name[:60]}.{os.getpid()}-{threading.get_native_id()}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    partial.unlink(missing_ok=True)  # a killed process of our number left it, or a stranger's link lies there
    try:
        with open(os.open(partial, flags, 0o666), "wb") as out:  # noqa: PTH123 - a descriptor
            if file.is_file() and not file.is_symlink():
                os.fchmod(out.fileno(), stat.S_IMODE(file.stat().st_mode))
            yield out
            if durable:
                out.flush()
                os.fsync(out.fileno())
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(file.parent)


def own(file: Path, flags: int) -> int:
    """Open a file of ours, made where it is missing; raises OSError for a link, a pipe or a file with a second name."""
    error = OSError(errno.ELOOP, "a link, a pipe or a file with a second name: not ours to write", str(file))
    try:
        descriptor = os.open(file, flags | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    except OSError as failed:
        if failed.errno not in (errno.ELOOP, errno.ENXIO):
            raise
        raise error from None
    its = os.fstat(descriptor)
    if stat.S_ISREG(its.st_mode) and its.st_nlink < 2:
        return descriptor
    os.close(descriptor)
    raise error


def appending(file: Path) -> BinaryIO:
    """Open a log of ours, made where it is missing, for more at its end."""
    return open(own(file, os.O_WRONLY | os.O_APPEND), "ab")


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk: a file that was made or renamed there is found again after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def temporary() -> Path:
    """Return the temporary folder without trying to write there: on a full disk the copies are where they were."""
    named = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    return next((Path(place) for place in named if place and os.path.isdir(place)), Path("/tmp"))  # noqa: PTH112, S108
