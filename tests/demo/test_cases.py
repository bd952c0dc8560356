"""Unpacking somebody else's release."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from helpers.demo import cases


def member(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, io.BytesIO]:
    """Return what TarFile.addfile takes."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, io.BytesIO(content)


def test_an_archive_stays_in_its_folder(tmp_path: Path) -> None:
    """Files come out with their mode."""
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as archive:
        archive.addfile(*member("p-1/src/a.py", b"good", mode=0o644))
        archive.addfile(*member("p-1/run", b"good", mode=0o4755))

    cases.unpack(tmp_path / "x.tar.gz", tmp_path / "out")

    assert b"good" == (tmp_path / "out/p-1/src/a.py").read_bytes()
    assert 0o755 == (tmp_path / "out/p-1/run").stat().st_mode & 0o7777


@pytest.mark.parametrize("name", ["../evil", "/{}/evil", "link/evil", "hard"])
def test_what_leads_outside_is_not_unpacked(tmp_path: Path, name: str) -> None:
    """An archive that tries is unpacked without it: nothing appears or changes beside the folder."""
    (tmp_path / "mine").write_text("mine")
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as archive:
        archive.addfile(*member("p-1/a.py", b"good"))
        archive.addfile(*member("link", type=tarfile.SYMTYPE, linkname=str(tmp_path)))
        archive.addfile(*member("hard", type=tarfile.LNKTYPE, linkname="../mine"))
        archive.addfile(*member(name.format(tmp_path), b"evil"))

    cases.unpack(tmp_path / "x.tar.gz", tmp_path / "out")

    assert not (tmp_path / "evil").exists()
    assert "mine" == (tmp_path / "mine").read_text()
