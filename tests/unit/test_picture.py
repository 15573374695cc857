"""The morning picture: it is made, says what it must, and no two texts overlap, whatever the night was."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from cloud import picture
from cloud.night import load
from cloud.report import build
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


SCRIPTS = {"sleeper": (sleeper, 1200), "empty": (empty, 1200), "restless": (restless, 1200), "short": (sleeper, 65)}


@pytest.fixture(params=SCRIPTS, scope="module")
def drawn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Figure:
    script, n_seconds = SCRIPTS[request.param]
    return _figure(tmp_path_factory.mktemp("night") / "n.sqlite", script, n_seconds)


def _figure(db: Path, script: Script, n_seconds: int) -> Figure:
    stored_night(db, script, n_seconds)
    page = picture.figure(load(db), build(db, None, {"timezone": "Europe/Berlin", "version": "1.2.3"}))
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


def test_the_stage_lane_says_that_there_is_no_model(drawn: Figure) -> None:
    assert "unknown: no model yet" in [text.get_text() for text in _texts(drawn)]


def test_an_unknown_span_is_named_with_its_length(tmp_path: Path) -> None:
    said = "\n".join(text.get_text() for text in _texts(_figure(tmp_path / "n.sqlite", sleeper, 1200)))
    assert "silent: nobody in the user's place: 2 min" in said
    assert "moving: 24 s" in said
    assert "14 breaths a minute" in said


def test_an_empty_night_says_so(tmp_path: Path) -> None:
    said = " ".join(text.get_text() for text in _texts(_figure(tmp_path / "n.sqlite", empty, 1200)))
    assert "Nobody was in bed for more than five minutes. The device was silent 100 % of the time." in said


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
