"""The plugin on a serial port, in two workers at once, and on a recording of itself."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from front.env import ROOT
from tests.suites import CONFTEST, inner, lines
from wire import recording

pytest_plugins = "pytester"
pytestmark = pytest.mark.hil
LIVE = """
import sys
from pathlib import Path
from hw_sim.board_run import TURN_US, PortHost
from hw_sim.lockstep import RawPty, pacer
from hw_sim.rig import Rig
with Rig() as rig:
    rig.quantum_us = TURN_US
    rig.attach(PortHost(RawPty(Path(sys.argv[1]))), 0)
    print("ready", flush=True)
    rig.run(600.0, pace=pacer())
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A board in front of nobody, in real time, behind a pseudo-terminal."""
    link = tmp_path_factory.mktemp("port") / "board"
    command = [sys.executable, "-c", LIVE, str(link)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as board:
        assert board.stdout is not None and board.stdout.readline() == "ready\n"
        yield f"serial:{link}"
        board.send_signal(signal.SIGTERM)


def test_a_device_at_a_port_is_asked(pytester: pytest.Pytester, port: str) -> None:
    suite = """
def test_ask(sw_link, sw_clock):
    assert sw_link.ask("PING")["nonce"] and sw_clock.kind == "wall" and 0 < sw_clock.now_s < 5
def test_raw(sw_serial, sw_clock):
    sw_serial.write(bytes(1))
    sw_clock.run(0.2)
    assert 0.2 <= sw_clock.now_s < 5
"""
    result = inner(pytester, suite, "--sw-target", port, "--sw-artifacts", "kept", "-rA")
    result.assert_outcomes(passed=2)
    assert lines(result, "test_ask[serial-board]")
    kept = recording.read(next((pytester.path / "kept").glob("*test_ask*")) / "link.mcap")
    assert kept.whole and kept.metadata["run"]["source"] == "live" and kept.bytes_of(recording.TO_DEVICE)


def test_what_a_port_cannot_do_is_skipped_and_said(pytester: pytest.Pytester, port: str) -> None:
    suite = """
def test_power(sw_board): sw_board.power_cycle()
def test_faults(sw_faults): sw_faults.add("irq_stuck_low")
@pytest.mark.sw_faults("irq_stuck_low")
def test_marked(sw_clock): pass
@pytest.mark.sw_scene("sitter")
def test_scene(sw_clock): pass
@pytest.mark.sw_scene("empty")
def test_present(sw_clock): pass
"""
    result = inner(pytester, suite, "--sw-target", port, "--sw-scene", "empty", "-rs")
    result.assert_outcomes(passed=1, skipped=4)
    for said in (
        "power: a device at a serial port has",
        "faults: a device at a serial port",
        "needs the scene sitter; here is empty",
    ):
        assert lines(result, said)


def test_a_late_answer_is_missed_in_wall_time(pytester: pytest.Pytester, port: str) -> None:
    result = inner(pytester, "def test_it(sw_link): sw_link.wait_for('VITALS', 0.3)", "--sw-target", port)
    result.assert_outcomes(failed=1)
    assert lines(result, "expected VITALS: 0.3 s of wall time passed")


def test_a_port_that_is_not_there_is_one_line(pytester: pytest.Pytester) -> None:
    result = inner(pytester, "def test_it(sw_link): pass", "--sw-target", "serial:/dev/no-such-port")
    result.assert_outcomes(errors=1)
    assert lines(result, "/dev/no-such-port: cannot be opened")


@pytest.mark.slow
def test_two_workers_share_one_port_and_no_file(
    pytester: pytest.Pytester, port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest(CONFTEST)
    asks = "import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_ask(sw_link, n): sw_link.ask('PING')\n"
    pytester.makepyfile(test_one=asks, test_two=asks)
    args = (
        "--sw-target",
        f"host,{port}",
        "--sw-scene",
        "ramp",
        "--sw-artifacts",
        "kept",
        "-n",
        "2",
        "-p",
        "no:cacheprovider",
    )
    pytester.runpytest_subprocess(*args).assert_outcomes(passed=16)
    folders = list((pytester.path / "kept").iterdir())
    assert len(folders) == 16 and all(recording.read(one / "link.mcap").whole for one in folders)


LISTEN = """
def test_listens(sw_link, sw_clock):
    first, second = sw_link.wait_for("HELLO"), sw_link.wait_for("HELLO")
    assert second.at_us - first.at_us == 2_500_000
    sw_clock.run(2)
def test_asks(sw_link): assert sw_link.ask("PING")
def test_pulls(sw_board): sw_board.standby(True)
def test_hears(sw_serial): assert len(sw_serial.read(1, timeout_s=1)) == 1
"""


def test_a_recording_of_the_suite_is_a_target(pytester: pytest.Pytester) -> None:
    inner(pytester, LISTEN, "--sw-artifacts", "kept").assert_outcomes(passed=4)
    (path,) = (pytester.path / "kept").glob("*test_listens*/link.mcap")
    before = path.read_bytes()
    result = inner(pytester, LISTEN, "--sw-target", f"replay:{path}", "-rs")
    result.assert_outcomes(passed=2, skipped=2)
    assert lines(result, "writing to the device: a recording says what it said, and cannot be touched")
    assert path.read_bytes() == before


def test_what_a_recording_does_not_hold_ends_with_it(pytester: pytest.Pytester) -> None:
    inner(pytester, LISTEN, "--sw-artifacts", "kept")
    (path,) = (pytester.path / "kept").glob("*test_listens*/link.mcap")
    result = inner(pytester, "def test_it(sw_link): sw_link.wait_for('VITALS', 1e6)", "--sw-target", f"replay:{path}")
    result.assert_outcomes(failed=1)
    assert lines(result, "expected VITALS: the recording ended; meanwhile came 2 HELLO")
    assert Path(path).is_file()


@pytest.mark.slow
def test_our_own_suite_runs_on_a_recording_of_itself(tmp_path: Path) -> None:
    def run(*args: str | Path) -> str:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *args]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stdout
        return done.stdout

    suite = ROOT / "tests" / "hil" / "device"
    run(suite / "test_silence.py", "-k", "empty_room", "--sw-target", "host", "--sw-artifacts", tmp_path)
    (path,) = tmp_path.glob("*/link.mcap")
    said = run(suite, "--sw-target", f"replay:{path}")
    assert "2 passed" in said and "writing to the device: a recording says what it said" in said
