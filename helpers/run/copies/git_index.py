"""Writing a git index of files that were just copied, so that git need not read each of them again to learn its blob.

Format: git's own documentation, gitformat-index(5), version 2, no extensions.
"""

import hashlib
import os
import struct
from collections.abc import Iterable
from pathlib import Path

_LOW = 0xFFFFFFFF


def entry(name: bytes, blob: bytes, status: os.stat_result) -> bytes:
    """Return the index entry of a regular file: `blob` is its binary object id, `status` as the file is now."""
    mode = 0o100755 if status.st_mode & 0o100 else 0o100644
    c_seconds, c_nano = divmod(status.st_ctime_ns, 1_000_000_000)
    m_seconds, m_nano = divmod(status.st_mtime_ns, 1_000_000_000)
    fixed = struct.pack(
        ">10I",
        c_seconds & _LOW,
        c_nano,
        m_seconds & _LOW,
        m_nano,
        status.st_dev & _LOW,
        status.st_ino & _LOW,
        mode,
        status.st_uid & _LOW,
        status.st_gid & _LOW,
        status.st_size & _LOW,
    )
    body = fixed + blob + struct.pack(">H", min(len(name), 0xFFF)) + name
    return body + b"\0" * (8 - len(body) % 8)


def write(file: Path, entries: Iterable[tuple[bytes, bytes]], algorithm: str) -> None:
    """Write `(name, entry)` rows as an index; `algorithm` is the repository's object format, sha1 or sha256."""
    rows = sorted(entries)
    content = struct.pack(">4sII", b"DIRC", 2, len(rows)) + b"".join(row for _, row in rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content + hashlib.new(algorithm, content, usedforsecurity=False).digest())
