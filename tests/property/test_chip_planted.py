"""The laws of the chip fall into faults planted in its C code: a copy of the sources is broken, built and tested."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("edge", "front", "hw_sim", "tests")
BUILD = "hw_sim/chip/build.py"
LAWS = "tests/property/test_chip.py"

# file, what it says, what it says instead
PLANTED = {
    "the FIFO holds a word too many": ("fifo.c", "space = FIFO_WORDS -", "space = FIFO_WORDS + 1u -"),
    "the interrupt rises at CREF": ("resets.c", "c->fifo.fill > FIELD", "c->fifo.fill >= FIELD"),
    "bulk reads start inside a word": ("spi.c", " || s->word_position != 0)", ")"),
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault: str, tmp_path: Path) -> None:
    name, sound, broken = PLANTED[fault]
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", ".build*"))
    for folder in ("native", "wire"):  # whoever checks that builds are fresh looks there
        (tmp_path / folder).symlink_to(ROOT / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    source = tmp_path / "hw_sim" / "chip" / name
    assert source.read_text().count(sound) == 1
    source.write_text(source.read_text().replace(sound, broken))
    subprocess.run([sys.executable, BUILD], cwd=tmp_path, check=True, capture_output=True)
    more = os.environ | {"STILLWAVE_CHIP_HUNT": "400"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", LAWS]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=more)
    assert run.returncode == 1 and "FAILED tests/property/test_chip.py" in run.stdout, run.stdout[-2000:]
