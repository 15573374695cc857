"""A core that is missing or older than its sources is one line with the command, never a strange result."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from edge import core

ROOT = Path(core.__file__).resolve().parent.parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources of the core, somewhere else."""
    shutil.copytree(ROOT / "native", tmp_path / "native", ignore=shutil.ignore_patterns("build", "__pycache__"))
    (tmp_path / "wire").mkdir()
    for header in (ROOT / "wire").glob("*.h"):
        shutil.copy(header, tmp_path / "wire")
    return tmp_path


def test_equal_sources_are_accepted(copy: Path) -> None:
    core.load(copy)


@pytest.mark.parametrize(
    "changed",
    ["native/src/driver.c", "native/include/sw_hal.h", "wire/packet.h", "wire/host_packet.h", "wire/words.h"],
)
def test_a_changed_source_makes_the_core_stale(copy: Path, changed: str) -> None:
    with (copy / changed).open("a") as file:
        file.write("/* changed */\n")
    with pytest.raises(core.CoreError, match=r"stale .*build it with: python native/build.py$"):
        core.load(copy)


def test_a_new_source_makes_the_core_stale(copy: Path) -> None:
    (copy / "native" / "src" / "new.c").write_text("")
    with pytest.raises(core.CoreError, match="stale"):
        core.load(copy)


def test_without_sources_the_core_is_trusted(tmp_path: Path) -> None:
    core.load(tmp_path)


def test_every_function_of_the_headers_is_reachable() -> None:
    _, lib = core.load()
    assert {"sw_firmware_step", "sw_chain_step", "sw_uplink_policy_step", "sw_unpack12"} <= set(dir(lib))


def test_the_core_needs_no_library_and_shows_only_its_own_names(tmp_path: Path) -> None:
    sources = sorted((ROOT / "native" / "src").glob("*.c"))
    flags = ["-std=c11", "-O1", "-ffp-contract=off", "-fno-math-errno"]
    folders = [f"-I{ROOT / 'native' / 'include'}", f"-I{ROOT / 'wire'}"]
    subprocess.run(["gcc", *flags, *folders, "-c", *map(str, sources)], cwd=tmp_path, check=True)
    objects = [str(path) for path in tmp_path.glob("*.o")]
    listing = subprocess.run(["nm", "-g", *objects], capture_output=True, text=True, check=True).stdout.splitlines()
    symbols = [line.split()[-2:] for line in listing if len(line.split()) >= 2]
    wanted = {name for kind, name in symbols if kind == "U"} - {"_GLOBAL_OFFSET_TABLE_"}
    shown = {name for kind, name in symbols if kind != "U"}
    assert {name for name in wanted if not name.startswith("sw_")} <= {"memcpy", "memmove", "memset", "memcmp"}
    assert {name for name in shown if not name.startswith("sw_")} == set()
