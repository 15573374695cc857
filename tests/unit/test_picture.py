"""The morning picture: it is made, says what it must, and no two texts overlap, whatever the night was."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from cloud import lanes, picture
from cloud.hypnogram import Hypnogram
from cloud.night import iso, load
from cloud.report import build
from cloud.words import short_duration, shortened
from tests.fake_device import SECOND_US, FakeDevice, Script, sleeper, stored_night
from wire.table import Reason


def empty(device: FakeDevice, second: int) -> bytes:
    return device.hello(0) if second == 0 else b""


def restless(device: FakeDevice, second: int) -> bytes:
    """Every reason there is, a rate that runs from 6 to 30, and a distance up to 3 m."""
    t_us = second * SECOND_US + 900_000
    if second == 0:
        return device.hello(t_us)
    if second % 20 < 10:
        return device.vitals(t_us, respiration_rate=600 + 2 * second, distance=300 + 2 * second)
    reason = second // 20 % len(Reason)
    return device.vitals(t_us, respiration_rate=0, respiration_validity=0, respiration_reason=reason)


def full(db: Path, n_epochs: int = 40) -> tuple[Hypnogram, dict[str, Any]]:
    """Every stage, an unknown stretch, a walk, an early ring and everything else a report may say."""
    start_us = load(db).from_utc_us
    stages: list[int | None] = [None, None, 0, 0, 1, 2, 2, 1, 3, 0, 1, 2, None, 3, 3, 1, 0, 0, 1, 2]
    repeated = (stages * n_epochs)[:n_epochs]
    occupied = ["away" if i in (16, 17) else "user" for i in range(n_epochs)]
    utc_us = [start_us + 30 * SECOND_US * i for i in range(n_epochs)]
    report = build(db, None, {"timezone": "Europe/Berlin", "version": "1.2.3", "source": "simulated"})
    report["sleep"] |= {"tst_min": 9.5, "sol_min": 2.0, "awakenings": 2, "waso_spt_min": 1.0}
    report["session"] |= {"trying_to_sleep_utc": iso(utc_us[2]), "woke_up_utc": iso(utc_us[36])}
    report["session"]["absences"] = [{"from_utc": iso(utc_us[16]), "to_utc": iso(utc_us[18]), "reason": "left"}]
    why = "light sleep, 1 minute before the set time"
    report["alarm"] |= {"set_for_utc": iso(utc_us[38]), "rang_at_utc": iso(utc_us[36]), "why": why, "rung_by": "cloud"}
    return Hypnogram(utc_us, repeated, occupied, [""] * n_epochs), report


SCRIPTS = {"sleeper": (sleeper, 1200), "empty": (empty, 1200), "restless": (restless, 1200), "short": (sleeper, 65)}
NO_STAGES = Hypnogram([], [], [], [])


@pytest.fixture(params=[*SCRIPTS, "full", "full on dark ground"], scope="module")
def drawn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Figure:
    db = tmp_path_factory.mktemp("night") / "n.sqlite"
    if request.param in SCRIPTS:
        return _figure(db, *SCRIPTS[request.param])
    stored_night(db, sleeper, 1200)
    return _drawn(db, *full(db), "dark" if "dark" in request.param else "light")


def _figure(db: Path, script: Script, n_seconds: int) -> Figure:
    stored_night(db, script, n_seconds)
    return _drawn(db, NO_STAGES, build(db, None, {"timezone": "Europe/Berlin", "version": "1.2.3"}))


def _drawn(db: Path, staged: Hypnogram, report: Mapping[str, Any], theme: str = "light") -> Figure:
    page = picture.figure(load(db), staged, report, theme)
    FigureCanvasAgg(page).draw()
    return page


def _texts(page: Figure) -> list[Text]:
    return [t for t in page.findobj(Text) if isinstance(t, Text) and t.get_visible() and t.get_text().strip()]


def _shown(page: Figure) -> list[Text]:
    """Texts within the page; an axis keeps labels of ticks outside its limits, which are not drawn."""
    drawn = []
    for axes in page.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            hidden = [tick for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]
            drawn += [label for tick in hidden for label in (tick.label1, tick.label2)]
    return [text for text in _texts(page) if text not in drawn]


def test_no_two_texts_overlap(drawn: Figure) -> None:
    boxes = [(text.get_text(), text.get_window_extent()) for text in _shown(drawn)]
    assert len(boxes) > 10
    overlapping = [(a, b) for (a, box), (b, other) in combinations(boxes, 2) if box.overlaps(other)]
    assert overlapping == []


def test_every_text_is_on_the_page(drawn: Figure) -> None:
    page = drawn.bbox
    outside = [t.get_text() for t in _shown(drawn) if not page.containsx(t.get_window_extent().x1)]
    assert outside == []


def test_every_text_is_readable_at_400_pixels(drawn: Figure) -> None:
    shrink = 400 / drawn.bbox.width
    smallest = min(text.get_fontsize() * drawn.dpi / 72 * shrink for text in _shown(drawn))
    assert smallest >= 8


def test_a_night_without_stages_says_why(tmp_path: Path) -> None:
    stored_night(tmp_path / "n.sqlite", sleeper, 1200)
    report = build(tmp_path / "n.sqlite", None, None)
    report["reasons"]["sleep.tst_min"] = "nobody slept here"
    said = [text.get_text() for text in _texts(_drawn(tmp_path / "n.sqlite", NO_STAGES, report))]
    assert "unknown: nobody slept here" in said


def test_the_whole_night_is_said(tmp_path: Path) -> None:
    stored_night(tmp_path / "n.sqlite", sleeper, 1200)
    said = " ".join(text.get_text() for text in _texts(_drawn(tmp_path / "n.sqlite", *full(tmp_path / "n.sqlite"))))
    for words in (
        "Asleep for 10 min, 2 min after lights-out at 03:41.",
        "Awake 2 times in between, 1 min in all.",
        "Out of bed from 03:48 to 03:49.",
        "The alarm for 03:59 rang at 03:58: light sleep, 1 minute before the set time.",
        "rung 03:58 by the cloud, set for 03:59 (dashed)",
        "lights-out 03:41, woke up 03:58",
        "Unknown",
    ):
        assert words in said


def test_a_bout_stands_in_the_row_of_its_stage(tmp_path: Path) -> None:
    stored_night(tmp_path / "n.sqlite", sleeper, 1200)
    lane = _drawn(tmp_path / "n.sqlite", *full(tmp_path / "n.sqlite")).axes[0]
    boxes = [path.get_extents() for drawn in lane.collections for path in drawn.get_paths()]
    deep = [(box.x0, box.x1) for box in boxes if abs((box.y0 + box.y1) / 2) < 0.01 and box.width > 0]
    assert deep == [(150, 210), (330, 360), (570, 600), (750, 810), (930, 960)]


def test_half_minutes_outside_a_session_have_no_stage(tmp_path: Path) -> None:
    stored_night(tmp_path / "n.sqlite", sleeper, 1200)
    night, (staged, _) = load(tmp_path / "n.sqlite"), full(tmp_path / "n.sqlite")
    shown = picture._stages(staged, night).stage
    assert [i for i, stage in enumerate(shown) if stage == lanes.NOT_STAGED] == [0, 1, 38, 39]


def test_reasons_that_are_not_named_have_one_colour(tmp_path: Path) -> None:
    page = _figure(tmp_path / "n.sqlite", restless, 1200)
    signs = {to_rgb(t.get_color()) for t in _texts(page) if t.get_text() == "\u25a0"}
    strip = {
        tuple(np.asarray(one.get_facecolor())[0, :3].tolist())
        for one in page.axes[1].collections
        if not one.get_hatch()
    }
    assert strip == signs


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_the_ground(theme: str, tmp_path: Path) -> None:
    stored_night(tmp_path / "n.sqlite", sleeper, 1200)
    page = _drawn(tmp_path / "n.sqlite", *full(tmp_path / "n.sqlite"), theme)
    signs = ("\u25a0", "\u22ee", "\u25bc")
    weak = [
        text.get_text()
        for text in _shown(page)
        if text.get_text() not in signs and _contrast(text.get_color(), page.get_facecolor()) < 4.5
    ]
    assert weak == []


def _contrast(one: Any, other: Any) -> float:
    """Contrast ratio of the web accessibility guidelines, 1..21."""
    channels = np.array([to_rgb(one), to_rgb(other)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    low, high = sorted(linear @ (0.2126, 0.7152, 0.0722))
    return float((high + 0.05) / (low + 0.05))


def test_an_unknown_span_is_named_with_its_length(tmp_path: Path) -> None:
    said = "\n".join(text.get_text() for text in _texts(_figure(tmp_path / "n.sqlite", sleeper, 1200)))
    assert "silent: nobody in the user's place: 2 min" in said
    assert "moving: 24 s" in said
    assert "14 breaths a minute" in said.replace("\n", " ")


def test_an_empty_night_says_so(tmp_path: Path) -> None:
    said = " ".join(text.get_text() for text in _texts(_figure(tmp_path / "n.sqlite", empty, 1200)))
    assert "The user was not found in bed for more than five minutes; for 20 min it is unknown." in said
    assert "The device was silent 100\u00a0% of the time." in said


@pytest.mark.parametrize(("name", "magic"), [("h.png", b"\x89PNG"), ("h.svg", b"<?xml")])
def test_the_ending_chooses_the_format_and_the_bytes_repeat(name: str, magic: bytes, tmp_path: Path) -> None:
    stored_night(tmp_path / "n.sqlite", sleeper, 200)
    made = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        picture.draw(tmp_path / "n.sqlite", build(tmp_path / "n.sqlite", None, None), tmp_path / folder / name)
        made.append((tmp_path / folder / name).read_bytes())
    assert made[0].startswith(magic)
    assert made[0] == made[1]


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"h\.gif: expected a name ending in \.png or \.svg"):
        picture.draw(tmp_path / "n.sqlite", {}, tmp_path / "h.gif")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("moving", "moving"),
        ("silent: radar reads as zeros: no chip, no power, or a broken line", "silent: radar reads as zeros: no chip"),
        ("a word " * 12, "a word a word a word a word a word a …"),
    ],
)
def test_a_long_reason_ends_with_a_whole_clause(text: str, shown: str) -> None:
    assert shortened(text, 40) == shown


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 min"), (12, "< 1 min"), (30, "< 1 min"), (31, "1 min"), (3599, "1 h 00")]
)
def test_what_was_short_is_not_said_to_be_nothing(seconds: float, said: str) -> None:
    assert short_duration(seconds) == said
