"""A day and a night without a host, with somebody there all the time; then the host comes and gets all of it, in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw_sim.rig import Rig
from hw_sim.scene import Scene
from tests import cloud_host, ten_minutes
from tests.cloud_host import CloudHost
from wire import packet, table

pytestmark = [pytest.mark.hil, pytest.mark.slow, pytest.mark.timeout(3000)]
ALONE_S, CATCH_UP_S = 24 * 3600, 900


def test_twenty_four_hours_arrive_complete_and_in_order(tmp_path: Path) -> None:
    scene = Scene(ten_minutes.SCENARIO, seed=5, duration_s=ALONE_S + CATCH_UP_S)
    db, t0_utc_us = tmp_path / "night.sqlite", ten_minutes.T0_UTC_US
    with Rig(scene, seed=5, t0_utc_us=t0_utc_us, paired=True) as rig:
        rig.run(ALONE_S)
        made = int(rig.device.firmware.state.delivery.written)  # type: ignore[union-attr]
        host = CloudHost(db, t0_utc_us)
        rig.attach(host)
        rig.run(CATCH_UP_S)
    host.finish()
    resent = [one for one in host.heard if one.seq and one.flags & table.FLAG_RESENT]
    first = list(dict.fromkeys(one.seq for one in resent))
    assert made >= 0.95 * ALONE_S and first[:made] == list(range(1, made + 1))
    assert packet.GAP not in [one.type for one in resent]
    assert cloud_host.rows(db, f"SELECT count(*) FROM packets WHERE seq <= {made}") == [(made,)]
