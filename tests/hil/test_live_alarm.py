"""The front door to a live device: the board on its port, the alarm's commands, the cloud process with an alarm."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud import device
from front.env import ROOT

pytestmark = pytest.mark.hil


def command(*args: str) -> list[str]:
    return [sys.executable, str(ROOT / "stillwave.py"), *args]


def stillwave(*args: str) -> tuple[int, dict[str, object]]:
    done = subprocess.run(command(*args, "--json"), capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else {"error": done.stderr}


def alarm(*args: str) -> tuple[int, dict[str, object]]:
    return stillwave("alarm", *args, "--simulated")


@pytest.fixture
def port(tmp_path: Path) -> Iterator[str]:
    """A board in front of nobody, in real time."""
    link = tmp_path / "port"
    args = command("board", "--scenario", "empty", "--pty", str(link), "--json")
    with subprocess.Popen(args, stdout=subprocess.PIPE, text=True) as board:
        assert board.stdout is not None
        assert json.loads(board.stdout.readline())["event"] == "ready"
        yield str(link)
        board.send_signal(signal.SIGTERM)


def settings(db: Path) -> dict[str, str]:
    with closing(sqlite3.connect(db)) as connection:
        return dict(connection.execute("SELECT name, value FROM settings").fetchall())


def test_an_alarm_goes_to_flash_and_back(port: str, tmp_path: Path) -> None:
    code, armed = alarm("set", "07:00", "--serial", port, "--tz", "Asia/Kathmandu")
    assert (code, armed["state"], armed["stored"]) == (0, "armed", True)
    assert str(armed["set_for_utc"]).endswith("T01:15:00Z")
    assert alarm("show", "--serial", port)[1]["set_for_utc"] == armed["set_for_utc"]
    assert alarm("cancel", "--serial", port)[1]["state"] == "off"

    db = tmp_path / "n.sqlite"
    morning = (datetime.now(UTC) + timedelta(hours=3)).strftime(
        "%H:00"
    )  # one of today that is over is not set any more
    args = command("cloud", "--serial", port, "--db", str(db), "--alarm", morning, "--tz", "UTC", "--side", "right")
    with subprocess.Popen([*args, "--simulated", "--json"], stdout=subprocess.PIPE, text=True) as cloud:
        assert cloud.stdout is not None
        assert json.loads(cloud.stdout.readline()) == {"event": "ready", "port": port, "db": str(db)}
        for _ in range(300):
            if "side" in settings(db) and settings(db).get(device.ALARM_STATE) == "armed":
                break
            time.sleep(0.1)
        cloud.send_signal(signal.SIGINT)
        assert cloud.wait(30) == 130
    assert settings(db)["side"] == "right"
    assert settings(db)[device.ALARM_STATE] == "armed"
    shown = alarm("show", "--serial", port)[1]
    assert str(shown["set_for_utc"]).endswith(f"T{morning}:00Z")
