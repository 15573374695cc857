"""The command line as scripts see it: exit codes, one-line errors, what goes to stdout, what is imported."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

import stillwave as entrance
from front import commands, doctor, show
from front.config import load
from front.env import ROOT, InputError, prepare_out
from front.failure import explain
from tests.fake_device import stored_night

COMMANDS = (
    "night",
    "pair",
    "process",
    "board",
    "report",
    "calibrate",
    "cloud",
    "edge",
    "replay",
    "record",
    "recover",
    "export",
    "first-light",
    "alarm",
    "standby",
    "radar",
    "light",
    "train",
    "scenarios",
    "faults",
    "config",
    "bench",
    "doctor",
)
PATIENCE_S = 300.0
"""What hangs ends some time; on a busy machine, and before numba has compiled, a command may take a minute."""
pytestmark = pytest.mark.timeout(2 * PATIENCE_S)
HEAVY = ("numpy", "numba", "matplotlib", "scipy", "serial", "cffi", "msgspec", "pydantic", "rich")


def stillwave(*args: str, cwd: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line as a script would, without a terminal."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("STILLWAVE__")} | environ
    return subprocess.run(
        [sys.executable, str(ROOT / "stillwave.py"), *args],
        capture_output=True,
        text=True,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE_S,
        check=False,
    )


def is_one_line(done: subprocess.CompletedProcess[str], *words: str) -> bool:
    """Nothing on stdout, one line on stderr that holds the words."""
    lines = done.stderr.splitlines()
    return not done.stdout and len(lines) == 1 and all(word in lines[0] for word in words)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_imports_nothing_heavy(command: str) -> None:
    code = (
        "import sys, stillwave\n"
        f"sys.argv = ['stillwave', *{command!r}.split(), '--help']\n"
        "status = stillwave.main()\n"
        f"print(status, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr == "0 []\n"
    assert done.stdout.startswith(f"Usage: stillwave {command}".rstrip())


def test_help_names_every_command_in_a_whole_sentence() -> None:
    listed = stillwave("--help").stdout.split("Commands:\n")[1].splitlines()
    assert sorted(line.split()[0] for line in listed) == sorted(COMMANDS)
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nihgt"], ["No such command"]),
        (["process"], ["ADC.npy"]),
        (["night", "single", "--hours", "-1"], ["--hours -1", "expected more than 0"]),
        (["night", "single", "--hours", "nan"], ["--hours nan"]),
        (["night", "single", "--hours", "eight"], ["--hours", "valid number"]),
        (["night", "single", "--seed", "-3"], ["--seed -3"]),
        (["night", "single", "--core", "rust"], ["--core", "rust"]),
        (["night", "single", "--target", "moon"], ["--target", "moon"]),
        (["night", "single", "--tz", "Mars/Base"], ["--tz Mars/Base"]),
        (["night", "single", "--date", "yesterday"], ["--date yesterday", "YYYY-MM-DD"]),
        (["night", "single", "--date", "1969-12-31"], ["--date 1969-12-31", "1971 to 2099"]),
        (["night", "single", "--alarm", "07:00"], ["--alarm 07:00", "22:30 to 06:30 (UTC)"]),
        (["night", "--alarm", "25:00"], ["--alarm 25:00", "HH:MM"]),
        (["night", "--alarm", "7"], ["--alarm 7", "HH:MM"]),
        (["night", "--side", "middle"], ["--side", "middle"]),
        (["night", "--vcd", "/none/x.vcd"], ["--vcd /none/x.vcd", "folder that exists"]),
        (["night", "--fault", "moon=1"], ["--fault moon=1", "'moon'", "stillwave faults"]),
        (["night", "--fault", "irq-lat=5ms"], ["--fault irq-lat=5ms", "did you mean irq-late?"]),
        (["night", "--fault", "irq-late=5"], ["--fault irq-late=5: value", "1us to 1s"]),
        (["night", "--hours", "0.1", "--fault", "miso-low@360"], ["--fault miso-low@360: start", "360 s"]),
        (["board", "--fault", "miso-lo"], ["--fault miso-lo", "did you mean miso-low?"]),
        (["board", "--fault", "miso-low", "--target", "arm"], ["fault miso-low", "--target host"]),
        (["board", "--fault", "miso-low", "--spi-socket", "/tmp/never"], ["fault miso-low", "--pty"]),
        (["board", "--console", "--spi-socket", "/tmp/never"], ["--console", "expected a device"]),
        (["night", "--gdb", "3333", "--out", "/dev/null/run"], ["--gdb 3333", "--target arm, arm_m7 or arm_m33"]),
        (["night", "--target", "arm", "--gdb", "0", "--out", "/dev/null/run"], ["--gdb 0", "1 to 65535"]),
        (["night", "singel"], ["singel", "expected"]),
        (["train", "--first-seed", "1"], ["training seeds 1..30", "from 1001 on"]),
        (["train", "--nights", "4"], ["--nights 4", "at least 5"]),
        (["train", "--scenario", "singel"], ["singel", "expected"]),
        (["train", "no-such-run", "--out", "/dev/null/run"], ["--out /dev/null/run"]),
        (["night", "missing.toml"], ["missing.toml"]),
        (["night", "single", "--out", "/dev/null/run"], ["--out /dev/null/run"]),
        (["night", "single", "--config", "/missing.toml"], ["/missing.toml"]),
        (["process", "missing.npy", "--radar", "missing.json"], ["missing"]),
        (["process", "a.npy", "--radar", "b.json", "--probe", "range.profile"], ["--probe", "--out DIR"]),
        (["process", "a.npy", "--radar", "b.json", "--probe", "x", "--out", "o"], ["probe x", "range.profile"]),
        (["config", "missing.h"], ["missing.h", "cannot be read"]),
        (["config", "default", "--spi-hz", "0"], ["--spi-hz 0", "10000"]),
        (["config", "default", "--to", "list.txt"], ["--to list.txt", ".h or .json"]),
        (["config", "default", "--to", "nowhere/list.h"], ["--to nowhere/list.h", "cannot be written"]),
        (["report", "missing.sqlite"], ["missing.sqlite"]),
        (["bench", "--seconds", "nan"], ["--seconds nan", "more than 0"]),
        (["bench", "--seconds", "0"], ["--seconds 0", "more than 0"]),
        (["report", "missing.sqlite", "--night", "x"], ["--night"]),
        (["alarm", "set", "--serial", "/nowhere"], ["alarm set", "HH:MM"]),
        (["alarm", "show", "07:00", "--serial", "/nowhere"], ["alarm show", "no time"]),
        (["alarm", "set", "7", "--serial", "/nowhere"], ["alarm set 7", "HH:MM"]),
        (["alarm", "show", "--serial", "/nowhere"], ["/nowhere", "cannot be opened"]),
        (["alarm", "show"], ["--serial"]),
        (["alarm", "show", "--window", "5", "--serial", "/nowhere"], ["--window 5", "alarm set"]),
        (["alarm", "set", "07:00", "--window", "2000", "--serial", "/nowhere"], ["--window 2000", "1092"]),
        (["standby", "on", "--serial", "/nowhere"], ["/nowhere", "cannot be opened"]),
        (["standby", "--serial", "/nowhere"], ["on|off|show"]),
        (["radar", "show", "--serial", "/nowhere"], ["/nowhere", "cannot be opened"]),
        (["radar", "set", "--serial", "/nowhere"], ["radar set", "expected a file, or default"]),
        (["radar", "set", "/nowhere.json", "--serial", "/nowhere"], ["/nowhere.json", "cannot be read"]),
        (["light", "110", "--serial", "/nowhere"], ["light 110", "0 to 100"]),
        (["light", "dim", "--serial", "/nowhere"], ["light dim", "percentage"]),
        (["light", "50", "--minutes", "0", "--serial", "/nowhere"], ["--minutes 0", "more than 0"]),
        (["alarm", "ring", "--serial", "/nowhere"], ["ring"]),
        (["cloud", "--serial", "/nowhere", "--alarm", "24:00"], ["--alarm 24:00", "HH:MM"]),
        (["board", "--scenario", "singel", "--pty", "/tmp/never"], ["singel"]),
    ],
)
def test_wrong_use_is_exit_2_and_one_line(args: list[str], words: list[str], tmp_path: Path) -> None:
    done = stillwave(*args, cwd=tmp_path)
    assert (done.returncode, is_one_line(done, *words)) == (2, True), done.stderr + done.stdout


def test_an_alarm_of_the_configuration_is_checked_by_its_own_name(tmp_path: Path) -> None:
    done = stillwave("night", cwd=tmp_path, STILLWAVE__ALARM__TIME="12:00")
    assert (done.returncode, is_one_line(done, "alarm.time 12:00", "inside the night")) == (2, True)


def test_a_wrong_variable_is_named_with_its_key(tmp_path: Path) -> None:
    done = stillwave("night", "single", cwd=tmp_path, STILLWAVE__NIGHT__CORE="rust")
    assert (done.returncode, is_one_line(done, "STILLWAVE__NIGHT__CORE", "night.core", "c or numba")) == (2, True)


def test_configuration_comes_in_the_stated_order(tmp_path: Path) -> None:
    user = tmp_path / "stillwave" / "config.toml"
    user.parent.mkdir()
    user.write_text("[night]\nseed = 2\nhours = 2.0\ncore = 'numba'\n")
    given = tmp_path / "given.toml"
    given.write_text("[night]\nseed = 4\n")
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "STILLWAVE__NIGHT__SEED": "3", "STILLWAVE__NIGHT__HOURS": "3"}
    night = load(given, environ).night
    assert (night.seed, night.hours, night.core, night.target) == (4, 3.0, "numba", "host")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[night]\nsed = 1\n", "unknown key sed"),
        ("[nigth]\n", "unknown key nigth"),
        ("[night]\nseed = 'one'\n", "night.seed: expected int"),
        ("[night]\nseed = -1\n", "night.seed"),
        ("[night\n", "no valid TOML"),
    ],
)
def test_a_wrong_file_is_named_with_its_key(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        load(file, {"HOME": str(tmp_path)})
    assert str(file) in str(caught.value) and says in str(caught.value)


def test_a_folder_that_holds_a_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(InputError, match=r"holds a run \(report.json\).*--force"):
        prepare_out(tmp_path, force=False)


def test_force_takes_away_the_old_run_and_nothing_else(tmp_path: Path) -> None:
    for name in ("report.json", "night.sqlite", "night.sqlite-wal", "notes.txt"):
        (tmp_path / name).write_text("old")
    prepare_out(tmp_path, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_missing_extra_is_exit_3_with_the_command() -> None:
    message, status = explain(ModuleNotFoundError("No module named 'numba'", name="numba")) or ("", 0)
    assert status == 3 and "[sim]" in message


def test_a_lost_port_is_exit_4() -> None:
    from wire.transport import TransportError

    error = TransportError("/dev/ttyACM0", "device lost: gone", lost=True)
    assert explain(error) == ("/dev/ttyACM0: device lost: gone", 4)


def test_a_bug_keeps_its_traceback() -> None:
    assert explain(KeyError("rate")) is None


def test_json_is_the_only_thing_on_stdout() -> None:
    done = stillwave("doctor", "--json")
    assert {row["name"] for row in json.loads(done.stdout)["checks"]} >= {"python", "firmware", "recordings"}


def test_doctor_looks_for_every_tool_that_a_target_needs() -> None:
    names = {row.name for row in doctor.checks()}
    assert names >= {"arm-none-eabi-gcc", "qemu-system-arm", "gdb-multiarch", "aarch64-linux-gnu-gcc", "extra hil"}


def test_a_closed_pipe_is_quiet() -> None:
    command = f"{sys.executable} {ROOT / 'stillwave.py'} doctor | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert (done.stdout, done.stderr) == ("", "")


def test_process_tells_a_person_what_is_unknown() -> None:
    found = {"confidence": 0.0, "per_rx_rate_per_min": [14.2, None, 14.0], "distance_m": None}
    lines = show.process_lines({**found, "reasons": {"distance_m": "nobody in the user's place"}})
    assert [line.split(maxsplit=1)[1] for line in lines] == [
        "0.0", "14.2, unknown, 14.0", "unknown (nobody in the user's place)"
    ]  # fmt: skip


def test_progress_is_for_terminals_only() -> None:
    stream = StringIO()
    bar = show.Progress(10.0, stream)
    bar(5.0)
    bar.done()
    assert stream.getvalue() == ""


def test_progress_shows_virtual_time_and_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    now = iter([0.0, 2.0])
    monkeypatch.setattr(show.time, "monotonic", lambda: next(now))
    show.Progress(7200.0, stream)(3600.0)
    assert "1:00:00 of 2:00:00, 1800 x real time" in stream.getvalue()


def test_a_summary_says_why_a_value_is_unknown() -> None:
    report = {
        "scenario": "empty",
        "respiration": {"rate_per_min_median": None},
        "reasons": {"respiration.rate_per_min_median": "nobody was there"},
    }
    assert any("unknown (nobody was there)" in line for line in show.summary(report))


@pytest.mark.parametrize(
    ("alarm", "line"),
    [
        (
            {"rang_at_utc": "B", "rung_by": "cloud", "why": "light sleep", "late": False},
            "alarm      set for A, rang B, rung by the cloud: light sleep",
        ),
        ({"rang_at_utc": None, "late": True}, "alarm      set for A, unknown (not told), LATE"),
    ],
)
def test_a_summary_tells_the_alarm(alarm: dict[str, object], line: str) -> None:
    report = {"scenario": "x", "alarm": {"set_for_utc": "A", **alarm}, "reasons": {"alarm.rang_at_utc": "not told"}}
    assert line in show.summary(report)


def test_scenarios_are_listed_with_what_they_are() -> None:
    rows = json.loads(stillwave("scenarios", "--json").stdout)["scenarios"]
    assert {"single", "empty"} <= {row["name"] for row in rows} and all(row["description"] for row in rows)


SDK_CONFIG = {
    "rx_antennas": [1, 2, 3],
    "tx_antennas": [1],
    "tx_power_level": 31,
    "if_gain_dB": 23,
    "start_frequency_Hz": 58_000_000_000,
    "end_frequency_Hz": 63_500_000_000,
    "num_chirps_per_frame": 8,
    "num_samples_per_chirp": 64,
    "chirp_repetition_time_s": 0.000591,
    "frame_repetition_time_s": 0.0773,
    "mimo_mode": "off",
    "hp_cutoff_Hz": 80_000,
    "sample_rate_Hz": 2_000_000,
}


@pytest.mark.parametrize(
    ("changes", "keep_bytes", "words"),
    [
        ({"end_frequency_Hz": 90_000_000_000}, None, ["radar.json", "end_frequency_Hz"]),
        ({"num_samples_per_chirp": "many"}, None, ["radar.json", "num_samples_per_chirp"]),
        ({}, 1000, ["adc.npy"]),
    ],
)
def test_a_wrong_recording_is_exit_2_and_one_line(
    changes: dict[str, object], keep_bytes: int | None, words: list[str], tmp_path: Path
) -> None:
    radar, adc = tmp_path / "radar.json", tmp_path / "adc.npy"
    radar.write_text(json.dumps({"device_config": {"fmcw_single_shape": SDK_CONFIG | changes}}))
    np.save(adc, np.full((4, 3, 8, 64), 2048, np.uint16))
    adc.write_bytes(adc.read_bytes()[:keep_bytes])
    done = stillwave("process", str(adc), "--radar", str(radar), cwd=tmp_path)
    assert (done.returncode, is_one_line(done, *words)) == (2, True), done.stderr + done.stdout


def test_a_night_leaves_report_picture_and_table(tmp_path: Path) -> None:
    done = stillwave(
        "night",
        "empty",
        "--hours",
        "0.02",
        "--side",
        "right",
        "--out",
        "run",
        "--vcd",
        "wires.vcd",
        "--json",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["virtual_s"], report["edge"]["frames"]) == (72.0, 1440)
    assert (tmp_path / "wires.vcd").read_text().endswith("#72000000000\n")
    assert {p.name for p in (tmp_path / "run").iterdir()} >= {
        "report.json",
        "hypnogram.png",
        "hypnogram.csv",
        "link.mcap",
        "truth.json",
    }


def test_ctrl_c_is_exit_130_and_leaves_no_link(tmp_path: Path) -> None:
    words = ["board", "--scenario", "empty", "--pty", "port", "--rt", "--json"]
    command = [sys.executable, str(ROOT / "stillwave.py"), *words]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as board:
        assert board.stdout is not None
        assert json.loads(board.stdout.readline())["event"] == "ready"
        board.send_signal(signal.SIGINT)
        assert (board.wait(PATIENCE_S), (tmp_path / "port").is_symlink()) == (130, False)


@pytest.mark.parametrize("option", ["--csv", "--png", "--html"])
def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path, option: str) -> None:
    stored_night(tmp_path / "n.sqlite", n_seconds=70)
    taken = tmp_path / f"taken.{option[2:]}"
    taken.mkdir()
    done = stillwave("report", str(tmp_path / "n.sqlite"), option, str(taken))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"stillwave: {taken}: cannot be written: Is a directory\n"


def test_a_run_that_was_broken_off_has_no_device_line() -> None:
    assert not any(line.startswith("device") for line in show.summary({"edge": {"frames": None, "streaming_s": None}}))


def test_what_a_command_returns_is_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "doctor", lambda *_: 1)
    monkeypatch.setattr(sys, "argv", ["stillwave", "doctor"])
    assert entrance.main() == 1
