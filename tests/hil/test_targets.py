"""The firmware on other CPUs: the same bytes, and whatever goes wrong there is said."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hw_sim.board import Board, BoardFailed
from hw_sim.rig import Rig, RigError
from hw_sim.scene import Scene
from hw_sim.target import MACHINES, ProcessTarget, build_program, image_target
from tests import ten_minutes
from tests.questions import answered_digest

pytestmark = pytest.mark.hil
ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "native" / "targets" / "build.py"
SECONDS = 60.0


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene.load("sitter", seed=5, duration_s=SECONDS)


@pytest.fixture(scope="module")
def reference(scene: Scene) -> str:
    return answered_digest(scene, SECONDS)


@pytest.mark.parametrize("target", ["arm_m7", "arm_m33", "aarch64"])
def test_another_cpu_puts_the_same_bytes_on_the_line(
    scene: Scene, reference: str, target: str, arm_tools: None
) -> None:
    assert answered_digest(scene, SECONDS, target=target) == reference


@pytest.mark.slow
def test_the_stack_goes_no_deeper_than_the_call_graph_says(arm_tools: None) -> None:
    size = subprocess.run(
        [sys.executable, str(ROOT / "native" / "size.py")], capture_output=True, text=True, check=True
    )
    bound = re.search(r"worst stack +(\d+)", size.stdout)
    with Rig(ten_minutes.scene(1), seed=1, target="arm", t0_utc_us=ten_minutes.T0_UTC_US, paired=True) as rig:
        rig.attach(ten_minutes.ScriptHost())
        rig.run(60.0)
    assert isinstance(rig.device, ProcessTarget) and bound is not None
    used = re.search(r"stillwave stack, bytes: (0x[0-9a-f]+)", rig.device.log())
    assert used is not None and 2000 < int(used[1], 16) <= int(bound[1])


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("arm_undefined", r"usage fault, exception 0x00000006, pc 0x[0-9a-f]+, lr 0x[0-9a-f]+, cfsr 0x00010000"),
        ("arm_no_memory", r"bus fault, exception 0x00000005, pc .*, bfar 0xa5a5a5a4"),
        ("arm_deep_stack", r"memory fault, exception 0x00000004, stack overflow, sp 0x1fff"),
        ("arm_m33_deep_stack", r"usage fault, exception 0x00000006, stack overflow, .*cfsr 0x00100000"),
        ("arm_flushing", r"floating point is not as after reset, fpscr 0x01000000"),
        ("arm_stray", r"unexpected interrupt, exception 0x00000019"),
    ],
)
def test_a_planted_fault_is_reported(planted: str, said: str, arm_tools: None) -> None:
    target = image_target(Board(seed=1), build_program(planted), MACHINES["arm_m33" if "m33" in planted else "arm"])
    try:
        with pytest.raises(BoardFailed, match=said):
            target.start([])
        assert target.process.wait(timeout=20) in (70, 71)
    finally:
        target.close()


def test_floats_that_flush_to_zero_are_refused() -> None:
    with pytest.raises(RigError, match="refuses the radar configuration: error -9"):
        Rig(target="flushing")


def test_gdb_is_for_images() -> None:
    for target in ("host", "posix"):
        with pytest.raises((RigError, BoardFailed), match=f"target {target}: gdb is for arm"):
            Rig(target=target, gdb_port=1)


@pytest.mark.parametrize(
    ("image", "said"),
    [("arm_much_ram", "more RAM than their limit"), ("arm_much_flash", "more flash than its limit")],
)
def test_an_image_over_its_limit_does_not_link(image: str, said: str, arm_tools: None) -> None:
    with pytest.raises(ValueError, match=said):
        build_program(image)


@pytest.mark.slow
def test_a_program_is_of_its_sources_and_of_its_compiler(tmp_path: Path) -> None:
    compiler = tmp_path / "cc"
    compiler.write_text('#!/bin/sh\n[ "$1" = --version ] && cat "$0.version" && exit\nexec gcc "$@"\n')
    compiler.chmod(0o755)
    made = []
    for version in ("1", "1", "2"):
        Path(f"{compiler}.version").write_text(version)
        command = [sys.executable, str(BUILD), "unguarded"]
        path = Path(subprocess.check_output(command, text=True, env=os.environ | {"CC": str(compiler)}).strip())
        made.append(path.stat().st_mtime_ns)
    assert made[0] == made[1] < made[2]


def test_a_missing_compiler_is_one_line_with_the_command() -> None:
    command = [sys.executable, str(BUILD), "aarch64"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"AARCH64_CC": "no-such-gcc"}
    )
    wanted = r"target aarch64: no-such-gcc not found; install it: apt-get install .*gcc-aarch64-linux-gnu.*\n"
    assert done.returncode == 2 and re.fullmatch(wanted, done.stderr)
