"""The plugin from outside: small suites run inside a test, and their outcome is looked at."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import hw_sim.rig
import wire.recording
from front.env import ROOT
from hw_sim.hil.targets import BUILT
from tests.suites import inner, lines

pytest_plugins = "pytester"
HEAVY = ("numpy", "numba", "cffi", "mcap", "serial", "msgspec")
HEAR = "def test_it(sw_link):\n    sw_link.wait_for('HELLO')\n"


def test_a_device_is_heard_and_asked(pytester: pytest.Pytester) -> None:
    suite = """
def test_it(sw_link, sw_serial, sw_clock, sw_board, sw_faults, sw_recording):
    hello = sw_link.wait_for("HELLO")
    assert (hello["host_nonce"], hello.at_us, sw_board.seed) == (0, 500_000, 5)
    pong = sw_link.ask("PING")
    assert sw_link.last("PONG") == pong and sw_clock.now_us == 530_000
    assert sw_link.counts == {"HELLO": 1, "PONG": 1} and sw_serial.drain().count(0) == 3  # and the link's own HELLO
    assert sw_recording.is_file() and not sw_faults.active
"""
    inner(pytester, suite, "--sw-seed", "5").assert_outcomes(passed=1)


def test_one_suite_runs_on_every_target(pytester: pytest.Pytester) -> None:
    suite = HEAR + "@pytest.mark.sw_targets('posix')\ndef test_posix(sw_clock): sw_clock.run(1)\n"
    result = inner(pytester, suite, "--sw-target", "host,posix", "-v", "-rs")
    result.assert_outcomes(passed=3, skipped=1)
    assert {"test_it[host]", "test_it[posix]", "test_posix[posix]"} <= set(
        re.findall(r"test_\w+\[\w+\]", str(result.stdout))
    )
    assert lines(result, "sw_targets: only for posix")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (
            ["--sw-target", "toaster"],
            "--sw-target toaster: expected host, posix, arm, serial:PORT, replay:FILE, program:PATH",
        ),
        (["--sw-target", "host,,posix"], "an empty word; expected host"),
        (["--sw-target", "serial"], "--sw-target serial: expected host"),
        (["--sw-target", "replay:none.mcap"], "--sw-target replay:none.mcap: no such recording"),
        (["--sw-target", "program:./none"], "--sw-target program:./none: no such program, or not executable"),
        (["--sw-seed", "-1"], "--sw-seed -1: expected 0 or more"),
    ],
)
def test_wrong_use_is_one_line(pytester: pytest.Pytester, args: list[str], says: str) -> None:
    result = inner(pytester, HEAR, *args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [line for line in result.errlines if says in line]


def test_the_words_are_those_of_the_rig() -> None:
    assert set(hw_sim.rig.TARGETS) - {"overflow", "flushing"} == set(BUILT)  # these two never start


def test_the_entry_point_names_the_plugin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["pytest11"] == {"stillwave": "hw_sim.pytest_plugin"}
    assert "hw_sim.hil" in project["tool"]["setuptools"]["packages"]


def test_nothing_heavy_is_imported_before_a_fixture_is_used() -> None:
    script = f"import sys, hw_sim.pytest_plugin; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


CHECKS = {
    "overflows": "@pytest.mark.sw_scene('ramp')\n{0}\ndef test_it(sw_board, sw_clock):\n"
    "    sw_clock.run(1); sw_board.rig.board.busy(400_000); sw_clock.run(4)",
    "underflows": "{0}\ndef test_it(sw_board, sw_clock):\n"
    "    sw_clock.run(1); sw_board.rig.board.chip.burst_read(0x60, 30000)",
    "losses": "@pytest.mark.sw_scene('sitter')\n{0}\ndef test_it(sw_board, sw_clock, sw_link):\n"
    "    sw_link.wait_for('VITALS'); sw_board.cut_line(True); sw_clock.run(3); sw_board.cut_line(False)\n"
    "    sw_link.wait_for('VITALS')",
    "damaged": "{0}\ndef test_it(sw_board, sw_link):\n"
    "    sw_link.wait_for('HELLO'); sw_board.rig.recorder.from_device(sw_board.rig.t0_utc_us, bytes([2, 7, 0]))",
    "refused": "{0}\ndef test_it(sw_board, sw_link, sw_clock):\n"
    "    sw_clock.run(0.495); sw_board.rig.board.memory.tx_n = 262144; sw_link.wait_for('HELLO')",
    "unsolicited": "@pytest.mark.sw_scene('sitter')\n{0}\ndef test_it(sw_board, sw_link):\n"
    "    sw_link.wait_for('VITALS'); sw_board.rig.silence.standby_since_us = 0  # a switch whose wire is broken\n"
    "    sw_link.wait_for('VITALS')",
}
"""Check -> a suite that falls into it and into no other, with a place for a marker."""


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_is_fallen_into(pytester: pytest.Pytester, check: str) -> None:
    result = inner(pytester, CHECKS[check].format(""))
    result.assert_outcomes(failed=1)
    assert re.findall(r"^  (\w+): \d", result.stdout.str(), re.MULTILINE) == [check]
    assert lines(result, "the test passed, but:")


@pytest.mark.parametrize("check", CHECKS)
def test_what_a_test_expects_may_happen(pytester: pytest.Pytester, check: str) -> None:
    inner(pytester, CHECKS[check].format(f"@pytest.mark.sw_expect({check}=(1, None))")).assert_outcomes(passed=1)


@pytest.mark.parametrize("check", CHECKS)
def test_what_a_test_expects_must_happen(pytester: pytest.Pytester, check: str) -> None:
    result = inner(pytester, f"@pytest.mark.sw_expect({check}=2)\ndef test_it(sw_link): sw_link.wait_for('HELLO')")
    result.assert_outcomes(failed=1)
    assert lines(result, f"  {check}: 0 ") and lines(result, "expected 2")


def test_a_check_that_exists_not_is_one_line(pytester: pytest.Pytester) -> None:
    result = inner(pytester, "@pytest.mark.sw_expect(miracles=1)\n" + HEAR)
    result.assert_outcomes(errors=1)
    assert lines(result, "sw_expect(miracles=...): expected one of overflows, underflows, losses")


def test_xfail_knows_the_checks(pytester: pytest.Pytester) -> None:
    inner(pytester, CHECKS["overflows"].format("@pytest.mark.xfail(strict=True)")).assert_outcomes(xfailed=1)


def test_what_a_fixture_does_after_the_test_is_checked_too(pytester: pytest.Pytester) -> None:
    suite = """
@pytest.fixture
def late(sw_board, sw_clock):
    yield
    sw_clock.run(1)
    sw_board.rig.board.chip.burst_read(0x60, 30000)
def test_it(late): pass
"""
    result = inner(pytester, suite)
    result.assert_outcomes(passed=1, errors=1)
    assert lines(result, "after the test: underflows: 1")


def test_a_failure_tells_its_story(pytester: pytest.Pytester) -> None:
    suite = "@pytest.mark.sw_scene('sitter')\ndef test_it(sw_link):\n    sw_link.wait_for('ALARM_EVENT', 20)\n"
    result = inner(pytester, suite, "--sw-seed", "3", "--sw-target", "posix")
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert re.search(
        r"expected ALARM_EVENT: 20 s of virtual time passed; meanwhile came 4 HELLO, 1 TRANSITION, \d+ VITALS", text
    )
    assert "target    posix, seed 3, scene sitter" in text and "time      20.000000 s, virtual" in text
    assert re.search(
        r" 19\.\d{6} s  VITALS #\d+ +frame=\d+ state=STREAMING confidence=1 respiration_rate=1\d\.\d+ ", text
    )
    (recording,) = re.findall(r"recording (/\S+link.mcap)", text)
    assert wire.recording.read(Path(recording)).whole
    (repeat,) = re.findall(r"repeat    pytest (.*)", text)
    assert repeat == "'test_a_failure_tells_its_story.py::test_it[posix]' --sw-target posix --sw-seed 3"


def test_a_failing_assertion_tells_it_too(pytester: pytest.Pytester) -> None:
    result = inner(pytester, "def test_it(sw_clock):\n    sw_clock.run(1)\n    assert sw_clock.now_us == 7\n")
    assert lines(result, "assert 1000000 == 7") and lines(result, "last 1 of 1 packets:")


def test_artefacts_have_a_folder_per_test(pytester: pytest.Pytester) -> None:
    inner(pytester, HEAR, "--sw-target", "host,posix", "--sw-artifacts", "kept").assert_outcomes(passed=2)
    folders = sorted((pytester.path / "kept").iterdir())
    assert len(folders) == 2
    assert {path.name for path in folders[0].iterdir()} == {"link.mcap", "packets.txt", "story.txt", "figures.json"}
    both = [json.loads((folder / "figures.json").read_text()) for folder in folders]
    assert {one["target"] for one in both} == {"host", "posix"} and both[0]["digest"] == both[1]["digest"]
    assert both[0]["outcome"] == "passed" and both[0]["virtual_s"] == 0.51 and both[0]["counts"]["losses"] == 0


def test_a_recording_without_artefacts_stays_on_failure_alone(pytester: pytest.Pytester) -> None:
    suite = (
        "def test_it(sw_recording, sw_clock):\n    sw_clock.run(1)\n    print('kept', sw_recording)\n    assert {0}\n"
    )
    for outcome in (True, False):
        result = inner(pytester, suite.format(outcome), "-s")
        (path,) = re.findall(r"kept (\S+)", result.stdout.str())
        assert Path(path).is_file() is not outcome


def test_junit_has_the_run(pytester: pytest.Pytester) -> None:
    inner(pytester, HEAR, "--junitxml", "out.xml", "--sw-seed", "4", "--sw-artifacts", "kept").assert_outcomes(passed=1)
    found = {one.get("name"): one.get("value") for one in ET.parse(pytester.path / "out.xml").iter("property")}
    assert (found["sw_target"], found["sw_seed"], found["sw_virtual_s"]) == ("host", "4", "0.51")
    assert len(str(found["sw_digest"])) == 64 and str(found["sw_recording"]).endswith("link.mcap")


def test_timeouts_count_device_time(pytester: pytest.Pytester) -> None:
    suite = "def test_it(sw_link, sw_clock):\n    sw_link.silence(0.4); sw_clock.run(3000)\n    assert sw_clock.now_s == 3000.4"
    inner(pytester, "pytestmark = pytest.mark.sw_scene('silence')\n" + suite, "-o", "timeout=60").assert_outcomes(
        passed=1
    )


def test_the_plugin_can_be_left_out(pytester: pytest.Pytester) -> None:
    result = inner(pytester, "def test_it(): pass\n", "-p", "no:stillwave")
    result.assert_outcomes(passed=1)
    assert inner(pytester, HEAR, "-p", "no:stillwave").ret == pytest.ExitCode.TESTS_FAILED


def test_a_test_that_asks_for_nothing_of_ours_is_left_alone(pytester: pytest.Pytester) -> None:
    result = inner(
        pytester, "def test_it(request): assert request.node.name == 'test_it'\n", "--sw-target", "host,posix"
    )
    result.assert_outcomes(passed=1)


def test_the_command_that_repeats_it_does(pytester: pytest.Pytester) -> None:
    suite = "def test_it(sw_clock):\n    sw_clock.run(1)\n    assert not sw_clock.now_us\n"
    first = inner(pytester, suite, "--sw-target", "posix,host", "--sw-seed", "6", "--sw-scene", "ramp")
    first.assert_outcomes(failed=2)
    (words,) = [shlex.split(line)[2:] for line in first.outlines if line.startswith("repeat") and "[host]" in line]
    pytester.runpytest_inprocess("-p", "no:cacheprovider", *words).assert_outcomes(failed=1)
    assert words[1:] == ["--sw-target", "host", "--sw-seed", "6", "--sw-scene", "ramp"]


@pytest.mark.parametrize("require", ["", "data", "data,arm"])
def test_missing_tools_skip_with_the_line_that_brings_them(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, require: str
) -> None:
    monkeypatch.setenv("STILLWAVE_REQUIRE", require)
    monkeypatch.setattr("hw_sim.hil.targets.shutil.which", lambda tool: None if "arm" in tool else tool)
    result = inner(pytester, HEAR, "--sw-target", "host,arm", "-rs")
    required = "arm" in require
    result.assert_outcomes(passed=1, skipped=int(not required), errors=int(required))
    assert lines(
        result, "target arm: arm-none-eabi-gcc, qemu-system-arm not found; apt-get install --no-install-recommends gcc"
    )
    assert bool(lines(result, "(STILLWAVE_REQUIRE names arm)")) == required


def test_junit_has_the_run_of_a_failure_too(pytester: pytest.Pytester) -> None:
    inner(pytester, CHECKS["overflows"].format(""), "--junitxml", "out.xml").assert_outcomes(failed=1)
    tree = ET.parse(pytester.path / "out.xml")
    assert {"sw_target", "sw_digest", "sw_recording"} <= {one.get("name") for one in tree.iter("property")}
    (failure,) = tree.iter("failure")
    assert "overflows: 2" in str(failure.get("message")) or "overflows" in str(failure.text)


def test_a_scene_that_is_none_is_one_line(pytester: pytest.Pytester) -> None:
    result = inner(pytester, HEAR, "--sw-scene", "moon")
    result.assert_outcomes(errors=1)
    assert sum(line.startswith("scene moon: ") for line in result.outlines) == 1


def test_a_target_whose_extra_is_missing_is_one_line(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hw_sim.rig", None)
    result = inner(pytester, HEAR, "--sw-scene", "ramp")
    result.assert_outcomes(errors=1)
    assert lines(result, "target host: needs hw_sim.rig; pip install 'stillwave[hil]' brings it")
    assert not lines(result, "another exception") and not lines(result, "Traceback")


@pytest.mark.parametrize(
    ("marker", "says"),
    [
        ("sw_faults('gremlin')", "sw_faults('gremlin'): expected one of miso_stuck_low,"),
        ("sw_faults('miso-lo')", "name 'miso-lo': expected one that `stillwave faults` lists (did you mean miso-low?)"),
        ("sw_faults('irq-late=7')", "fault irq-late=7: value: expected 1us to 1s, got '7'"),
        ("sw_faults(gremlin=1)", "sw_faults(gremlin=...): expected one of miso_from_us,"),
        ("sw_scene('empty', 5)", "sw_scene: expected (name) or (name, duration_s=seconds)"),
        ("sw_targets('toaster')", "sw_targets('toaster'): expected one of host, posix, arm,"),
        ("sw_expect(losses=True)", "sw_expect(losses=True): expected a number or (least, most or None)"),
    ],
)
def test_a_marker_that_means_nothing_is_one_line(pytester: pytest.Pytester, marker: str, says: str) -> None:
    result = inner(pytester, f"@pytest.mark.{marker}\n" + HEAR)
    result.assert_outcomes(errors=1)
    assert lines(result, says)


def test_a_device_that_stops_is_one_line_at_the_line_of_the_test(pytester: pytest.Pytester) -> None:
    suite = "def test_it(sw_board, sw_clock):\n    sw_board.rig.device.process.kill()\n    sw_clock.run(2)\n"
    result = inner(pytester, suite, "--sw-target", "posix")
    result.assert_outcomes(failed=1)
    assert lines(result, "stillwave.HomeError: the board stopped: the target process is gone")
    assert not lines(result, "hw_sim/hil")


def test_a_fault_of_power_on_is_refused_later_and_outlives_the_others(pytester: pytest.Pytester) -> None:
    suite = """
@pytest.mark.sw_faults("irq_stuck_low", clock_ppb=7)
def test_it(sw_faults, sw_clock):
    assert sw_faults.active == {"irq_low_from_us": 0, "clock_ppb": 7}
    sw_clock.run(0.5)
    sw_faults.add("fifo_stuck_low")
    assert sw_faults.active["miso_from_us"] == 500_000
    sw_faults.clear()
    assert sw_faults.active == {"clock_ppb": 7}
    with pytest.raises(ValueError, match="fixed at power-on; use @pytest.mark.sw_faults"):
        sw_faults.add(chip_id=5)
"""
    inner(pytester, suite).assert_outcomes(passed=1)


def test_faults_of_the_table_begin_and_end_at_their_times(pytester: pytest.Pytester) -> None:
    suite = """
@pytest.mark.sw_faults("irq-late=7ms@0.25+0.5", "wrong-chip@5")
def test_it(sw_faults, sw_clock):
    assert sw_faults.active == {}
    sw_clock.run(0.5)
    assert sw_faults.active == {"irq-late": "irq-late=7ms@0.25+0.5"}
    sw_clock.run(0.5)
    sw_faults.add("line-cut", "host-busy=1ms")
    assert sw_faults.active == {"line-cut": "line-cut@1"}
    sw_faults.clear()
    assert sw_faults.active == {}
    with pytest.raises(ValueError, match="start: expected 1 s or later"):
        sw_faults.add("miso-low@0.5")
"""
    inner(pytester, suite).assert_outcomes(passed=1)
