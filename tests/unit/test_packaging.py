"""Units, users and rules of a Raspberry Pi: systemd's own check, and what they promise each other."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from front.env import ROOT

PACKAGING = ROOT / "packaging"
UNITS = ("stillwave-edge.service", "stillwave-cloud.service")
PROGRAM = "/opt/stillwave/bin/stillwave"
Absent = Callable[[str, str], NoReturn]


def settings(name: str) -> dict[str, list[str]]:
    """key -> values of a unit, sections joined."""
    found: dict[str, list[str]] = {}
    for line in (PACKAGING / "systemd" / name).read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def verified(folder: Path, changed: Callable[[str], str] = str) -> subprocess.CompletedProcess[str]:
    """systemd-analyze verify over both units; the program is a stand-in that can be executed."""
    for name in UNITS:
        text = (PACKAGING / "systemd" / name).read_text().replace(PROGRAM, "/bin/true")
        (folder / name).write_text(changed(text))
    command = ["systemd-analyze", "verify", "--man=no", *(str(folder / name) for name in UNITS)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def systemd_analyze(absent: Absent) -> None:
    if shutil.which("systemd-analyze") is None:
        absent("systemd", "no systemd-analyze: apt-get install systemd")


def test_systemd_takes_the_units_without_a_word(systemd_analyze: None, tmp_path: Path) -> None:
    done = verified(tmp_path)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("Restart=always", "Restart=allways"), ("WatchdogSec=", "WatchDogSec="), ("ExecStart=/", "ExecStart=/no")],
)
def test_a_planted_mistake_is_seen(systemd_analyze: None, tmp_path: Path, right: str, wrong: str) -> None:
    done = verified(tmp_path, lambda text: text.replace(right, wrong))

    assert done.stdout + done.stderr != ""


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_watched_and_never_given_up(name: str) -> None:
    unit = settings(name)

    assert [unit[key][0] for key in ("Type", "Restart", "StartLimitIntervalSec")] == ["notify", "always", "0"]
    assert int(unit["WatchdogSec"][0]) >= 20  # the loop goes round once a second


def test_the_host_starts_behind_the_device_and_does_not_need_it_to_live() -> None:
    unit = settings("stillwave-cloud.service")

    assert unit["After"] == unit["Wants"] == ["stillwave-edge.service"]
    assert not {"Requires", "BindsTo", "PartOf"} & set(unit)


def test_both_name_the_same_socket_and_user() -> None:
    lines = [re.findall(r"unix:(\S+)", settings(name)["ExecStart"][0]) for name in UNITS]
    users = [settings(name)["User"] for name in UNITS]

    assert lines == [["/run/stillwave/line.sock"]] * 2
    assert users == [["stillwave"]] * 2
    assert "u stillwave " in (PACKAGING / "sysusers.d" / "stillwave.conf").read_text()
    assert settings(UNITS[0])["RuntimeDirectory"] == ["stillwave"]


def test_the_device_reaches_the_pins_and_nothing_that_would_stop_it() -> None:
    unit = settings("stillwave-edge.service")

    assert {"char-spi rw", "char-gpiochip rw", "char-i2c rw"} <= set(unit["DeviceAllow"])
    assert {"spi", "gpio", "i2c"} <= set(unit["SupplementaryGroups"][0].split())
    # each would take away something that the device needs
    assert not {"PrivateDevices", "ProtectClock", "ProtectKernelTunables", "MemoryDenyWriteExecute"} & set(unit)


@pytest.mark.parametrize("name", UNITS)
def test_neither_has_a_network(name: str) -> None:
    unit = settings(name)

    assert (unit["PrivateNetwork"], unit["RestrictAddressFamilies"]) == (["yes"], ["AF_UNIX"])


@pytest.mark.parametrize("name", UNITS)
def test_the_commands_are_ones_that_exist(name: str) -> None:
    words = settings(name)["ExecStart"][0].split()
    entrance = "".join(one.read_text() for one in [ROOT / "stillwave.py", *(ROOT / "front").glob("*_options.py")])

    assert words[0] == PROGRAM
    assert f"def {words[1]}(" in entrance
    assert {word for word in words if word.startswith("--")} <= {"--line", "--state-dir", "--serial", "--db"}


def test_the_udev_rule_gives_a_name_and_keeps_others_away() -> None:
    rules = [
        line
        for line in (PACKAGING / "udev" / "70-stillwave.rules").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    parts = [part.strip() for part in rules[0].split(",")]

    assert len(rules) == 1
    assert all(re.fullmatch(r'[A-Z]+(\{\w+\})?(==|=|\+=)"[^"]*"', part) for part in parts)
    assert {'SUBSYSTEM=="tty"', 'SYMLINK+="stillwave"', 'ENV{ID_MM_DEVICE_IGNORE}="1"'} <= set(parts)


def test_what_the_units_read_from_files_are_keys_of_the_configuration() -> None:
    from front.config import Config

    named = re.findall(
        r"STILLWAVE__(\w+?)__(\w+)", "".join((PACKAGING / "systemd" / name).read_text() for name in UNITS)
    )

    assert named
    assert all(hasattr(getattr(Config(), section.lower()), key.lower()) for section, key in named)


def test_the_units_have_no_key_twice_that_counts_once() -> None:
    parser = configparser.ConfigParser(strict=True, interpolation=None, allow_no_value=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    for name in UNITS:
        text = re.sub(
            r"^(DeviceAllow|Environment)=.*$", "", (PACKAGING / "systemd" / name).read_text(), flags=re.MULTILINE
        )
        parser.read_string(text)
        parser.clear()
