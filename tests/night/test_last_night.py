"""`doctor --last-night` on a simulated night in which one thing after another goes wrong: each is named, with its times."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloud import last_night, report
from cloud.last_night import Finding, Findings, Place
from cloud.night import SECOND_US, load
from front import last_night as front
from hw_sim.faults import parse
from hw_sim.lockstep import HostProcess
from hw_sim.night_run import run
from hw_sim.rig import Rig

STANDBY, REBOOT, CUT, KILLED, MISO_LOW = (300, 420), (540, 540), (700, 880), (1000, 1240), (1400, 1520)
HOURS = 0.5


def trouble(rig: Rig, _host: HostProcess) -> None:
    pulls: list[tuple[int, Callable[[], None]]] = [
        (STANDBY[0], lambda: rig.set_standby(True)),
        (STANDBY[1], lambda: rig.set_standby(False)),
        (REBOOT[0], rig.reboot),
        (CUT[0], lambda: rig.cut_line(True)),
        (CUT[1], lambda: rig.cut_line(False)),
        (KILLED[0], rig.kill_host),
        (KILLED[1], rig.restart_host),
    ]
    for at_s, lever in pulls:
        rig.at(at_s * SECOND_US, lever)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("last-night")
    fault = parse(f"miso-low@{MISO_LOW[0]}+{MISO_LOW[1] - MISO_LOW[0]}")
    run("single", out=out, seed=3, hours=HOURS, levers=trouble, play=[fault])
    return out


@pytest.fixture(scope="module")
def found(folder: Path) -> Findings:
    return last_night.find(load(folder / "night.sqlite"))


def one(found: Findings, place: Place, words: str) -> Finding:
    there = [one for one in found.found if one.place is place and re.search(words, one.what)]
    assert len(there) == 1, [(one.place, one.what) for one in found.found]
    return there[0]


@pytest.mark.parametrize(
    ("place", "words", "span_s"),
    [
        pytest.param(Place.STANDBY, "standby is on", STANDBY, id="standby"),
        pytest.param(Place.DEVICE, "started: power on", REBOOT, id="a reboot"),
        pytest.param(
            Place.LINE, "no answer from the device: the line was down, the device ran on", CUT, id="a cut line"
        ),
        pytest.param(
            Place.CLOUD, "not running: killed, crashed, or the computer was off", KILLED, id="a killed process"
        ),
        pytest.param(Place.RADAR, "radar reads as zeros", MISO_LOW, id="a broken wire"),
    ],
)
def test_what_happened_is_named_with_its_times(
    found: Findings, place: Place, words: str, span_s: tuple[int, int]
) -> None:
    start, stop = ((at_us - found.from_utc_us) / SECOND_US for at_us in one(found, place, words).spans[0])
    # the device keeps two minutes for a process that is away; a line is missed after 35 s; a radar is looked at again
    assert span_s[0] - 25 <= start <= span_s[0] + 150 and span_s[1] - 150 <= stop <= span_s[1] + 60


def test_the_findings_are_in_the_order_of_the_chain(found: Findings) -> None:
    order = [list(Place).index(one.place) for one in found.found]
    assert order == sorted(order) and not found.ok


def test_every_second_is_recorded_or_explained(found: Findings) -> None:
    explained = sum(one.seconds for one in found.found)
    assert found.recorded_s + explained >= found.of_s - 10  # single seconds of the cadence are no findings
    assert not [one for one in found.found if one.place is Place.UNKNOWN and one.seconds > 60]


def said_s(text: str) -> int:
    """Every 'h min s' of a text, in seconds."""
    size = {"h": 3600, "min": 60, "s": 1}
    return sum(int(value) * size[unit] for value, unit in re.findall(r"(\d+) (h|min|s)\b", text))


def added_up(made: dict[str, Any]) -> tuple[int, int]:
    """What the printed lines say: the whole; recorded and not recorded together."""
    lines = front.as_text(made)
    recorded, whole = next(line for line in lines if line.startswith("breathing recorded")).split(" of ")
    lost = [re.findall(r"\(([^()]*) not recorded\)", line) for line in lines]
    return said_s(whole), said_s(recorded) + sum(said_s(one) for found in lost for one in found)


def test_what_is_printed_adds_up_to_the_second(folder: Path, found: Findings) -> None:
    whole, parts = added_up(front.build(folder, None, 0))
    assert whole == parts == found.of_s


def test_hours_without_the_process_are_part_of_the_night(folder: Path) -> None:
    night = load(folder / "night.sqlite")
    expected = night.from_utc_us - 3700 * SECOND_US, night.to_utc_us + 7250 * SECOND_US
    longer = last_night.find(night, expected)
    assert (longer.from_utc_us, longer.to_utc_us) == expected
    whole, parts = added_up(front.as_dict(longer, "UTC") | {"now": []})
    assert whole == parts == longer.of_s == night.n_seconds + 3700 + 7250


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (29, "29 s"), (60, "1 min"), (99, "1 min 39 s"), (3599, "59 min 59 s"), (28_799, "7 h 59 min 59 s")],
)
def test_a_length_is_said_to_the_second(seconds: int, said: str) -> None:
    assert front.exactly(seconds) == said and said_s(said) == seconds


def test_what_is_wrong_comes_with_a_cure(folder: Path) -> None:
    made = front.build(folder, None, 0)
    json.dumps(made, allow_nan=False)
    wrong = [one for one in made["findings"] if one["place"] in ("radar", "line", "cloud process", "standby")]
    assert wrong and all(one["cure"] for one in wrong)
    text = "\n".join(front.as_text(made))
    assert text.index("what happened") < text.index("what to do") < text.index("switch standby off before the night")


def test_the_report_tells_the_faults_and_the_silences_by_their_own_names(folder: Path) -> None:
    made = report.build(folder / "night.sqlite", None, None)
    reasons = {fault["reason"] for fault in made["faults"]}
    assert any(reason.startswith("radar reads as zeros") for reason in reasons)
    assert any(silent["reason"].startswith("radar reads as zeros") for silent in made["silent"])


def test_a_calm_night_has_nothing_wrong(tmp_path: Path) -> None:
    run("single", out=tmp_path, seed=1, hours=0.1)
    found = last_night.find(load(tmp_path / "night.sqlite"))
    assert found.ok and {one.place for one in found.found} <= {Place.BED, Place.WHO, Place.BREATHING}
