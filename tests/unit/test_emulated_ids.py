"""Emulated boards have one published key, and each a name of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw_sim.rig import Rig
from tests.cloud_host import CloudHost, rows
from wire import trust

BEFORE = 0x5EED_B0A7_D000_0001
"""What every emulated board called itself once; it stands in recordings."""


def test_boards_of_two_seeds_are_two_devices_of_one_family() -> None:
    names = {trust.test_device(seed) for seed in (*range(1000), 2**64 - 1)}
    assert len(names) == 1001 and all(trust.is_test_device(name) for name in names)
    assert trust.test_device(7) == trust.test_device(7 + 2**64)


@pytest.mark.parametrize("device_id", [BEFORE, trust.test_device(5)])
def test_the_published_key_is_theirs_in_a_simulation_and_nowhere_else(device_id: int) -> None:
    key = trust.EMULATED.key_of(device_id)
    assert key is not None and key.published
    assert trust.Keyring().key_of(device_id) is None
    assert trust.EMULATED.key_of(device_id ^ 1 << 60) is None


def test_a_key_of_its_own_goes_before_the_published_one() -> None:
    own = trust.Key(bytes(range(32)))
    ring = trust.Keyring({trust.test_device(5): own}, simulated=True)
    assert ring.key_of(trust.test_device(5)) == own


def test_two_boards_at_one_store_keep_their_packets_apart(tmp_path: Path) -> None:
    db = tmp_path / "night.sqlite"
    for seed in (1, 2):
        host = CloudHost(db, 1_700_000_000_000_000 + seed * 3_600_000_000)
        with Rig(seed=seed, paired=True) as rig:
            rig.attach(host, 1_700_000_000_000_000 + seed * 3_600_000_000)
            rig.run(30.0)
        host.finish()
    boots = {f"{trust.test_device(seed):016x}" for seed in (1, 2)}
    assert {name for (name,) in rows(db, "SELECT device_id FROM boots")} == boots
