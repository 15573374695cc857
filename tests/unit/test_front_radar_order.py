"""`stillwave radar` against the firmware itself: checked before it is sent, and what it says is what the device has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.config import RadarConfig
from front import alarm, radar_order
from front.alarm import AlarmError
from front.env import InputError
from front.radar.shape import as_sdk, own_shape
from tests.device import Device
from tests.unit.test_front_orders import Port


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Port:
    made = Port(Device(think=lambda out: None))
    made.device.run(8.0)
    made.device.sent.clear()
    for module in (alarm, radar_order):
        monkeypatch.setattr(module, "Transport", lambda _: made)
    return made


def radar(port: Port, action: str, source: object = None) -> dict[str, Any]:
    return radar_order.command(action, None if source is None else str(source), port.port, port.now_us, True)


def file(folder: Path, **fields: int) -> Path:
    path = folder / "radar.json"
    path.write_text(json.dumps(fields))
    return path


def test_a_device_shows_its_own(port: Port) -> None:
    found = radar(port, "show")
    assert found["config"] == {name: getattr(port.device.config, name) for name in RadarConfig.__dataclass_fields__}
    assert (found["ordered"], found["in_force"]) == (False, True)


def test_what_a_file_says_is_in_force_kept_and_read_back(port: Port, tmp_path: Path) -> None:
    found = radar(port, "set", file(tmp_path, n_chirps=4))
    assert (found["config"]["n_chirps"], found["ordered"], found["in_force"], found["stored"]) == (4, True, True, True)
    assert radar(port, "show") == found
    assert port.device.fw.state.driver.config.n_chirps == 4
    assert radar_order.lines(found)[0] == "ordered by a host, in force, read back from the device's flash"


def test_the_sdks_form_is_read_too(port: Port, tmp_path: Path) -> None:
    path = tmp_path / "sdk.json"
    path.write_text(as_sdk(own_shape({"n_chirps": 4}, "here")))
    assert radar(port, "set", path)["config"]["n_chirps"] == 4


def test_what_is_shown_can_be_set(port: Port, tmp_path: Path) -> None:
    shown = radar(port, "set", file(tmp_path, frame_period_ns=60_000_000))["config"]
    radar(port, "set", radar_order.OWN)
    assert radar(port, "set", file(tmp_path, **shown))["config"] == shown


def test_default_gives_the_devices_own_back(port: Port, tmp_path: Path) -> None:
    own = radar(port, "show")
    radar(port, "set", file(tmp_path, n_chirps=4))
    assert radar(port, "set", radar_order.OWN)["config"] == own["config"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"n_samples": 100}, "n_samples: expected 64, 128, 256 or 512, got 100"),
        ({"frame_period_ns": 1_000_000}, "frame_repetition_time_s"),
        ({"colour": 1}, "expected device_config, or keys out of"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_sent(
    port: Port, tmp_path: Path, fields: dict[str, int], said: str
) -> None:
    path, before_us = file(tmp_path, **fields), port.device.now_us
    with pytest.raises(InputError, match=said) as refused:
        radar(port, "set", path)
    assert str(path) in str(refused.value) and "\n" not in str(refused.value)
    assert port.device.now_us == before_us


def test_what_the_device_refuses_is_one_line(port: Port, tmp_path: Path) -> None:
    """So long a frame is in the chip's power, not in the memory of the chain."""
    own = radar(port, "show")
    with pytest.raises(AlarmError, match=r"^/dev/test: radar not set: ") as refused:
        radar(port, "set", file(tmp_path, n_samples=512, n_chirps=32))
    assert "\n" not in str(refused.value)
    assert radar(port, "show") == own
