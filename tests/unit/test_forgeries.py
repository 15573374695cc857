"""Forgeries of every kind are refused; and the count would show one that is not."""

from __future__ import annotations

import pytest

from bench import forgeries
from wire import trust


def test_no_forgery_of_any_kind_is_accepted() -> None:
    result = forgeries.run(6000)

    assert result["accepted_kinds"] == {}
    assert min(result["kinds"].values()) >= 100


def test_a_host_that_believes_any_tag_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "genuine", lambda key, one: trust.is_tagged(one))

    assert forgeries.run(1000)["accepted_kinds"]["guessed tag to the host"] > 0


def test_a_device_that_forgets_the_last_number_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    admits = forgeries.DeviceEnd.admits

    def forgetful(self: forgeries.DeviceEnd, line: bytes) -> bool:
        self.state.current.last_seq = 0
        return admits(self, line)

    monkeypatch.setattr(forgeries.DeviceEnd, "admits", forgetful)

    assert forgeries.run(1000)["accepted_kinds"] == {"replayed to the device": 26}


def test_a_host_that_heeds_unpaired_devices_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgeries, "RING", trust.Keyring(forgeries.RING.keys, unpaired=True))

    taken = forgeries.run(1000)["accepted_kinds"]

    assert set(taken) == {"unpaired device without a name", "its data after an unpaired hello"}


def test_an_unpaired_device_that_heeds_anybody_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    unpaired = forgeries.unpaired

    def open_one(link: forgeries.Link) -> forgeries.DeviceEnd:
        device = unpaired(link)
        device.state.state = forgeries.lib.SW_TRUST_OPEN
        return device

    monkeypatch.setitem(forgeries.DEVICES, "unpaired", open_one)

    assert set(forgeries.run(1000)["accepted_kinds"]) == {"order without a tag to an unpaired device"}
