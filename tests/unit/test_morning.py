"""Files of the morning that cannot be written: one line that names the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud.store import Store
from front import morning
from front.env import InputError


@pytest.mark.parametrize("kind", ["csv", "png", "html"])
def test_a_full_disk_is_one_line_that_names_the_file(tmp_path: Path, kind: str) -> None:
    store = Store(tmp_path / "n.sqlite", durable=False)
    store.commit([], 1_770_000_000_000_000, {})
    store.close()
    full = tmp_path / f"full.{kind}"
    full.symlink_to("/dev/full")
    wanted = {
        "csv": morning.Files(table=full),
        "png": morning.Files(pictures=[full]),
        "html": morning.Files(page=full),
    }[kind]
    with pytest.raises(InputError, match=rf"full\.{kind}: cannot be written: No space left"):
        morning.build(tmp_path / "n.sqlite", wanted)
