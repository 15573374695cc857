"""Files of the morning that cannot be written: one line that names the file."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from cloud.store import Store
from front import failure, morning
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


@pytest.mark.parametrize("name", ["report.json", "hypnogram.png", "hypnogram.csv"])
def test_so_is_one_in_the_folder_of_a_run(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / "n.sqlite", durable=False)
    store.commit([], 1_770_000_000_000_000, {})
    store.close()
    (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(InputError, match=rf"{name}: cannot be written: No space left"):
        morning.write(tmp_path, tmp_path / "n.sqlite", None, {})


@pytest.mark.parametrize(("number", "path"), [(errno.ENOSPC, None), (errno.EFBIG, "model.json"), (errno.EROFS, "x.h")])
def test_a_full_disk_is_one_line_wherever_it_is_noticed(number: int, path: str | None) -> None:
    error = OSError(number, os.strerror(number), path)
    assert failure.explain(error) == (f"{path or 'the result'}: cannot be written: {os.strerror(number)}", 1)


def test_any_other_trouble_of_the_system_is_a_bug() -> None:
    assert failure.explain(OSError(errno.EBADF, "bad file number")) is None


@pytest.mark.parametrize("run", [{"edge": 5}, {"edge": {"frames": "many"}}, {"timezone": "Mars/Here"}, {"seed": [1]}])
def test_a_key_of_report_json_that_is_not_of_its_kind_is_named(tmp_path: Path, run: dict[str, object]) -> None:
    Store(tmp_path / "night.sqlite", durable=False).close()
    (tmp_path / "report.json").write_text(json.dumps(run))
    with pytest.raises(InputError, match=rf"report\.json: key `{next(iter(run))}`: "):
        morning.build(tmp_path, morning.Files())
