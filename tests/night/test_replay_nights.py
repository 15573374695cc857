"""A simulated night's recording comes to the night's own report, whatever befell line and device."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from front import replay
from front.morning import write
from front.output import Folder
from hw_sim import night_run
from hw_sim.faults import parse

TROUBLES = {
    "quiet": (),
    "lossy, then cut": ("line-loses=1000ppm", "line-cut@150s+60s"),
    "cut while nobody is there": ("line-cut@5s+45s",),
    "new device": ("power-cycle@200s",),
}
NOT_COMPARED = ("wall_s", "source")


def compared(report: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in report.items() if key not in NOT_COMPARED}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_replay_gives_the_report_of_the_night(
    trouble: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night = tmp_path / "night"
    night.mkdir()
    play = [parse(one) for one in TROUBLES[trouble]]
    result = night_run.run("arrival", out=night, seed=5, hours=0.1, play=play)
    live = write(night, result.db, result.truth, result.run)
    for number, speed in enumerate(("max", "2000")):
        asked = replay.Asked(night / "link.mcap", speed=speed)
        replay.to_cloud(asked, Folder(tmp_path / str(number), False), None, True)
        again = json.loads(capsys.readouterr().out)
        assert again["source"] == "replayed" and compared(again) == compared(live)
