"""`stillwave pair` and what follows from it, with a device behind a port made of nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from front import alarm, pair
from tests.device import Device
from tests.paired import KEY, paired
from wire import keys, packet, trust
from wire.transport import TransportError


class Port:
    """A transport to a device on its bench; waiting is what lets its time pass."""

    port = "bench"

    def __init__(self, device: Device) -> None:
        self.device = device

    def __enter__(self) -> Port:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def write(self, data: bytes) -> None:
        self.device.inbox += data
        self.device._fresh.append(2)

    def read(self, timeout_s: float) -> bytes:
        self.device.run(min(timeout_s, 0.05))
        said = bytes(self.device.sent)
        self.device.sent.clear()
        return said

    def now_us(self) -> int:
        return self.device.now_us


def pair_it(device: Device, path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    port = Port(device)
    monkeypatch.setattr(pair, "Transport", lambda serial: port)
    return pair.command("bench", path, port.now_us)


def test_a_new_device_is_paired_and_its_key_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(blank=True).run(7.0)

    found = pair_it(device, tmp_path / "keys", monkeypatch)

    [(device_id, key)] = keys.load(tmp_path / "keys").items()
    assert found["device"] == f"{device_id:016x}"
    assert bytes(device.fw.state.trust.key) == key.secret
    assert key.secret.hex() not in str(found)


def test_a_paired_device_without_its_button_takes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pair.PairError, match="hold its button"):
        pair_it(paired().run(7.0), tmp_path / "keys", monkeypatch)

    assert keys.load(tmp_path / "keys") == {}


def test_with_its_button_held_it_takes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = paired().run(7.0)
    device.press(1)
    device.run(0.1)

    pair_it(device, tmp_path / "keys", monkeypatch)

    assert bytes(device.fw.state.trust.key) != KEY.secret


def test_a_file_that_cannot_be_kept_is_found_before_the_device_has_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys").write_text("what is this\n")
    (tmp_path / "keys").chmod(0o600)
    device = Device(blank=True).run(7.0)

    with pytest.raises(keys.KeysError):
        pair_it(device, tmp_path / "keys", monkeypatch)

    assert device.fw.state.trust.device_id == 0


def test_the_commands_of_a_paired_host_speak_with_tags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(blank=True).run(7.0)
    pair_it(device, tmp_path / "keys", monkeypatch)
    port = Port(device)

    asking = alarm.Device(port, port.now_us, keys.of_a_host(tmp_path / "keys"))  # type: ignore[arg-type]

    assert trust.is_tagged(asking.ask(packet.PING, packet.PONG))
    assert device.fw.state.trust.untagged == 0


@pytest.mark.parametrize("made", [lambda: Device(blank=True), Device, paired], ids=["unpaired", "open", "another's"])
def test_a_host_without_a_key_says_in_one_line_what_to_do(made: Callable[[], Device]) -> None:
    port = Port(made().run(7.0))

    with pytest.raises(
        TransportError, match="bench: the device is not paired with this host: run stillwave pair"
    ) as why:
        alarm.Device(port, port.now_us, trust.Keyring())  # type: ignore[arg-type]
    assert not why.value.lost


def test_a_device_that_is_silent_is_lost() -> None:
    device = Device(blank=True).run(7.0)
    port = Port(device)
    device.uart_room = 0

    with pytest.raises(TransportError, match="no answer from a device") as why:
        alarm.Device(port, port.now_us, trust.Keyring())  # type: ignore[arg-type]
    assert why.value.lost


def test_the_commands_of_a_paired_host_heed_no_other_device(tmp_path: Path) -> None:
    keys.save(tmp_path / "keys", 1, KEY)
    port = Port(Device(blank=True).run(7.0))

    with pytest.raises(TransportError, match="not paired with this host"):
        alarm.Device(port, port.now_us, keys.of_a_host(tmp_path / "keys"))  # type: ignore[arg-type]
