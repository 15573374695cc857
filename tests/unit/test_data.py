"""The recordings on this machine are the ones docs/data.md describes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from front.env import ROOT

ROWS = re.findall(
    r"^\| `([\w./-]+)` \| `([0-9a-f]{64})` \|$", (ROOT / "docs" / "data.md").read_text("utf-8"), re.MULTILINE
)


def digest(path: Path) -> str:
    """As docs/data.md defines it: of a file, or of the sorted list of a folder's files."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    names = sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
    listing = "".join(f"{digest(path / name)}  ./{name}\n" for name in names)
    return hashlib.sha256(listing.encode()).hexdigest()


def test_the_table_is_there() -> None:
    assert len(ROWS) >= 8


@pytest.mark.parametrize(("name", "expected"), ROWS, ids=[name for name, _ in ROWS])
def test_a_recording_is_the_one_described(data_dir: Path, name: str, expected: str) -> None:
    assert digest(data_dir / name) == expected
