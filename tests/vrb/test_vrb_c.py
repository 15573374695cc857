"""Programs that know only vrb.h, or only the socket, drive the board; and every check they make can fail."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vrb.build_c import HERE, against_library, run, sanitized
from tests.vrb.socket_peers import Server

CHECKS = re.findall(r'^    \{"(\w+)", check_', (HERE / "checks.c").read_text(), re.MULTILINE)
# a fault, the check that must see it, what it says
CAN_FAIL: list[tuple[dict[str, Any], str, str]] = [
    ({"faults": {"chip_id": 1545}}, "chip_id", "expected 000303, got 000609"),
    ({"faults": {"reset_stuck": True}}, "soft_reset", "the reset bit does not clear"),
    ({"faults": {"miso_or": 2}}, "register_list", "register 00: expected 1E8270, got 1E8272"),
    ({"source": "silence"}, "ramp_1", "frame 0 sample 0: expected 0, got 2048"),
    ({"faults": {"irq_stuck_low": True}}, "ramp_2", "no interrupt within a second"),
    ({"faults": {"miso_and": 0xFB}}, "ramp_3", "frame 0 sample 5: expected 5, got 1"),
    ({"reference_hz": 76_800_000}, "ramp_3", "frame 0: expected at 1790075 ns, came at 1864662 ns"),
    ({"extra_clocks": 9}, "ramp_3", "frame 0: expected at 1790075 ns, came at 1791763 ns"),
    ({"faults": {"irq_stuck_low": True}}, "interrupt", "no interrupt within a second"),
    ({"faults": {"miso_and": 0x7F}}, "lfsr", "sample 5: expected 880, got 800"),
    ({"gsr0_order": "vendor_header"}, "overflow", "the status byte does not show the overflow"),
    ({"source": "noise"}, "underflow", "frame 0 sample 0"),
    ({"gsr0_order": "vendor_header"}, "underflow", "status: expected F8, got F1"),
    ({"fou_while_empty": True}, "clock_count", "the next status byte does not show the short command"),
    ({"gsr0_order": "vendor_header"}, "high_speed", "expected F4, got F2"),
    ({"faults": {"miso_and": 0xEF}}, "reset_in_frame", "the chip answers in reset"),
]


@pytest.fixture(scope="module")
def programs(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the programs as a stranger builds them."""
    folder = tmp_path_factory.mktemp("programs")
    for name in ("driver", "socket_driver", "server"):
        against_library(name, library, folder)
    return folder


@pytest.fixture(scope="module")
def driver(watched: Path) -> Path:
    """The driver with the sources compiled in, under the sanitizers."""
    return sanitized("driver", watched)


@pytest.fixture(scope="module")
def open_all(watched: Path) -> Path:
    return sanitized("open_all", watched)


def test_the_library_exports_the_interface_and_nothing_else(library: Path) -> None:
    exported = {line.split()[-1] for line in run("nm", "-D", "--defined-only", library / "libvrb.so").splitlines()}
    declared = set(re.findall(r"^VRB_API [\w ]+\*?(vrb_\w+)\(", (library / "vrb.h").read_text(), re.MULTILINE))
    assert exported == declared and len(declared) == 13


def test_the_library_needs_nothing_but_the_c_library(library: Path) -> None:
    needed = re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "-d", library / "libvrb.so"))
    assert set(needed) <= {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def test_the_header_alone_is_enough_for_an_old_compiler(library: Path, tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text('#include "vrb.h"\nint main(void) { return vrb_abi() != VRB_ABI; }\n')
    run(
        "gcc",
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-pedantic",
        "-Werror",
        f"-I{library}",
        "-c",
        tmp_path / "a.c",
        "-o",
        "/dev/null",
    )


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++ (package g++)")
def test_the_header_is_cpp_too(library: Path, tmp_path: Path) -> None:
    (tmp_path / "a.cpp").write_text('#include "vrb.h"\nint main() { return vrb_abi() != VRB_ABI; }\n')
    flags = ["-Wall", "-Wextra", "-pedantic", "-Werror", f"-I{library}", f"-L{library}", f"-Wl,-rpath,{library}"]
    run("g++", tmp_path / "a.cpp", *flags, "-lvrb", "-o", tmp_path / "a")
    run(tmp_path / "a")


def test_every_check_holds(programs: Path) -> None:
    assert run(programs / "driver", "").splitlines() == [f"{name}: ok" for name in CHECKS]


@pytest.mark.parametrize(
    "json_text",
    ["", '{"spi_hz": 0}', '{"seed": 7, "temperature_c": -10.5, "faults": {}}', '{"adc0_bit_13": 0, "source": "ramp"}'],
)
def test_every_check_holds_under_the_sanitizers(driver: Path, json_text: str) -> None:
    assert run(driver, json_text).splitlines() == [f"{name}: ok" for name in CHECKS]


def test_every_check_holds_over_a_unix_socket(programs: Path, tmp_path: Path) -> None:
    with Server(programs / "server", f"unix:{tmp_path / 'spi'}") as server:
        lines = run(programs / "socket_driver", server.address).splitlines()
        assert (lines, server.end()) == ([f"{name}: ok" for name in CHECKS], [])
    assert not (tmp_path / "spi").exists()


def test_the_measured_bursts_are_full_however_they_are_sent(programs: Path, tmp_path: Path) -> None:
    with Server(programs / "server", f"unix:{tmp_path / 'spi'}") as server:
        ways = ((programs / "driver", ""), (programs / "socket_driver", server.address))
        outs = [run(*way, "measure", "0.02") for way in ways]
    figures = [float(figure) for out in outs for figure in out.split()]
    assert len(figures) == 8 and min(figures) > 0


@pytest.mark.parametrize(("board", "check", "says"), CAN_FAIL, ids=[f"{c}-{i}" for i, (_, c, _) in enumerate(CAN_FAIL)])
def test_a_check_fails_on_a_board_with_a_fault(programs: Path, board: dict[str, Any], check: str, says: str) -> None:
    done = subprocess.run([programs / "driver", json.dumps(board), check], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith(f"{check}: ") and says in done.stdout and done.stdout.count("\n") == 1


def test_every_check_is_seen_to_fail() -> None:
    assert {check for _, check, _ in CAN_FAIL} == set(CHECKS)


def test_a_wrong_board_is_one_line(programs: Path) -> None:
    done = subprocess.run([programs / "driver", '{"sed": 1}'], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def texts() -> bytes:
    """A few thousand spoilt set-ups, each behind its length."""
    right = (
        b'{"source": {"file": "\\u00e4\\ud83d\\ude00"}, "seed": 1.5e3, "temperature_c": -3.5, "faults": {"miso_or": 7}}'
    )
    rng = np.random.Generator(np.random.Philox(4))
    packed = []
    for k in range(4000):
        text = bytearray(right if k % 2 else right.replace(b'{"file": "\\u00e4\\ud83d\\ude00"}', b'"ramp"'))
        for _ in range(k % 5):
            text[rng.integers(len(text))] = rng.choice(np.frombuffer(b'{}[]":,\\ue-+.09x \xff\n', np.uint8))
        text = text[: rng.integers(len(text) + 1)] if k % 7 == 0 else text
        packed.append(len(text).to_bytes(4, "little") + bytes(text))
    return b"".join(packed)


def test_the_sanitizers_find_nothing_in_the_reader(open_all: Path) -> None:
    done = subprocess.run([open_all], input=texts(), capture_output=True, check=False)
    opened, refused = map(int, done.stdout.split())
    assert done.stderr == b"" and opened > 300 and refused > 2000


def test_the_sanitizers_find_a_planted_overread(open_all: Path) -> None:
    done = subprocess.run([open_all, "plant"], input=texts()[:500], capture_output=True, check=False)
    assert done.returncode != 0 and b"heap-buffer-overflow" in done.stderr
