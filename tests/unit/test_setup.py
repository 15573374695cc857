"""Set-up on a machine that lacks something, and what the set-up files may contain."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from front.env import ROOT


def need(*words: str, path: Path, python: str = "python3") -> subprocess.CompletedProcess[str]:
    """Runs .ci/need where only the programs of path exist."""
    command = ["/bin/sh", str(ROOT / ".ci" / "need"), *words]
    env = os.environ | {"PATH": str(path), "PYTHON": python}
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False)


def test_what_is_missing_is_one_apt_line(tmp_path: Path) -> None:
    done = need("gcc", "python", "arm", path=tmp_path)
    lines = done.stderr.splitlines()
    assert done.returncode == 2 and len(lines) == 1
    assert "apt-get install --no-install-recommends gcc python3 python3-venv python3-dev gcc-arm-none-eabi" in lines[0]


def test_an_old_python_is_named(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2"\nexit 1\n')
    old.chmod(0o755)
    done = need("python", path=tmp_path)
    assert done.returncode == 2 and "3.11 or newer is needed, python3 is Python 3.9.2" in done.stderr


def test_constraints_are_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line)] == []


def test_help_lists_the_targets_from_their_comments() -> None:
    done = subprocess.run(["make", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True)
    assert {"night", "test", "bench", "lint", "size"} <= set(re.findall(r"make ([a-z]+) ", done.stdout))
    said = re.findall(r"^[a-z]+:.*## (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert re.findall(r"^  make [a-z]+ +(.*)$", done.stdout, re.MULTILINE) == said
