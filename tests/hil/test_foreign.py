"""A stranger's own firmware under the HIL kit: it shares no line with ours but the header that is shipped for him."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from front.env import ROOT

pytestmark = pytest.mark.hil
FOREIGN = ROOT / "tests" / "foreign"
DEVICE = ROOT / "hw_sim" / "device"
STRICT = "-std=c11 -O2 -Wall -Wextra -pedantic -Werror -Wvla -Wconversion -Wdouble-promotion".split()


@pytest.fixture(scope="module")
def heart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The foreign firmware, built as its owner would."""
    program = tmp_path_factory.mktemp("heart") / "heart"
    subprocess.run(["gcc", *STRICT, "-I", DEVICE, FOREIGN / "heart.c", "-lm", "-o", program], check=True)
    return program


def run(heart: Path, *args: str | Path) -> tuple[int, str]:
    """A suite on the foreign firmware, in a process of its own. Returns (exit code, what it said)."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--sw-target", f"program:{heart}", *args]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    return done.returncode, done.stdout


def test_its_own_suite_passes(heart: Path) -> None:
    code, said = run(heart, FOREIGN / "heart_suite.py")
    assert code == 0 and re.search(r"^12 passed in", said, re.MULTILINE), said


def test_what_goes_wrong_with_it_is_told_in_its_own_words(heart: Path, tmp_path: Path) -> None:
    suite = tmp_path / "test_wrong.py"
    suite.write_text(
        "def test_packets(sw_link): pass\n"
        "def test_never(sw_serial): sw_serial.expect(b'SING', timeout_s=1.5)\n"
        "def test_dies(sw_serial, sw_clock): sw_serial.write(b'crash\\n'); sw_clock.run(1)\n"
    )
    code, said = run(heart, "-c", ROOT / "pyproject.toml", "-p", "tests.conftest", suite)
    assert code == 1 and "sw_link reads the packets of a Stillwave device; this target is a program of its own" in said
    assert re.search(r"expected b'SING': 1.5 s of virtual time passed; unread are \d+ bytes: b'HELLO heart", said)
    assert re.search(r"^ {4}1\.0\d{5} s  BEAT 10$", said, re.MULTILINE)
    assert "the board stopped: the target process is gone" in said


def run_small(folder: Path, body: str, suite: str) -> tuple[int, str]:
    """A suite of one line on a firmware of one line."""
    source, program, tests = folder / "small.c", folder / "small", folder / "test_small.py"
    source.write_text(
        '#include "stillwave_device.h"\n'
        f"static void firmware(swdev *b, void *mine) {{ (void)mine; {body} }}\n"
        "int main(void) { static swdev b; swdev_stdio(&b); return swdev_superloop(&b, firmware, NULL); }\n"
    )
    subprocess.run(["gcc", *STRICT, "-I", DEVICE, source, "-o", program], check=True)
    tests.write_text(suite)
    return run(program, "-c", ROOT / "pyproject.toml", "-p", "tests.conftest", "--sw-patience", "1", tests)


def test_a_delay_without_end_has_none(tmp_path: Path) -> None:
    body = "swdev_delay(b, 1000); swdev_delay(b, SWDEV_NEVER); (void)swdev_buzzer(b, 1);"
    suite = "def test_it(sw_clock, sw_board):\n  sw_clock.run(9)\n  assert not sw_board.pins\n"
    code, said = run_small(tmp_path, body, suite)
    assert code == 0, said


def test_a_loop_that_polls_ends_with_one_line(tmp_path: Path) -> None:
    code, said = run_small(
        tmp_path, "while (swdev_radar_irq(b) == 0) {}", "def test_polls(sw_clock): sw_clock.run(1)\n"
    )
    assert code == 1
    assert "HomeError: the board stopped: the target process asks and asks, but never waits: timeout" in said


def test_the_header_shares_no_name_with_ours() -> None:
    code = re.sub(
        r"/\*.*?\*/", "", (DEVICE / "stillwave_device.h").read_text() + (FOREIGN / "heart.c").read_text(), flags=re.S
    )
    assert re.findall(r"\b(?:sw|SW)_\w+", code) == []
    assert re.findall(r'#include "(.*)"', code) == ["stillwave_device.h"]


def test_the_header_numbers_are_those_of_the_bridge() -> None:
    numbers = [
        dict(re.findall(rf"\b{prefix}_(\w+) = (\d+)", path.read_text()))
        for prefix, path in (
            ("BRIDGE", ROOT / "hw_sim" / "chip" / "bridge.h"), ("SWDEV_OP", DEVICE / "stillwave_device.h"),
        )
    ]  # fmt: skip
    assert len(numbers[1]) == 24 and numbers[1].items() <= numbers[0].items()


@pytest.mark.parametrize(
    ("compiler", "flags"),
    [
        ("g++", "-x c++ -std=c++17"),
        ("gcc", "-ffreestanding -DSWDEV_NO_STDIO -DSWDEV_NO_SUPERLOOP"),
        ("arm-none-eabi-gcc", "-mcpu=cortex-m4 -mthumb -ffreestanding -DSWDEV_NO_STDIO -DSWDEV_NO_SUPERLOOP"),
    ],
)
def test_the_header_compiles_elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path, compiler: str, flags: str
) -> None:
    if compiler.startswith("arm"):
        request.getfixturevalue("arm_tools")
    (tmp_path / "it.c").write_text(
        '#include "stillwave_device.h"\nint it(swdev *b);\nint it(swdev *b)\n{\n    return swdev_run(b, NULL, NULL);\n}\n'
    )
    strict = [flag for flag in STRICT if not (compiler == "g++" and flag == "-std=c11")]
    subprocess.run(
        [compiler, *strict, *flags.split(), "-I", DEVICE, "-c", tmp_path / "it.c", "-o", "/dev/null"], check=True
    )
