"""The page of the morning: it holds everything, needs nothing, and says what is unknown."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from cloud import page
from cloud.report import build
from tests.fake_device import sleeper, stored_night

NOTICED = "2026-02-02T02:30:00Z"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    db = tmp_path_factory.mktemp("night") / "n.sqlite"
    stored_night(db, sleeper, 1200)
    report = build(db, None, {"timezone": "Europe/Berlin", "version": "1.2.3", "source": "simulated"})
    report["sleep"] |= {"sol_min": 7.5, "rem_min": None}
    report["faults"] = [
        {"reason": "radar <is> deaf", "from_utc": NOTICED, "to_utc": "2026-02-02T03:00:00Z", "present": False},
        {"reason": "flash wears out", "from_utc": NOTICED, "to_utc": "2026-02-02T03:00:00Z", "present": True},
    ]
    report["reasons"] |= {"sleep.rem_min": "a <b>reason</b>"}
    return page.html(db, report)


def test_the_page_is_well_formed(made: str) -> None:
    body = made[made.index("<body>") :].removesuffix("</html>\n")
    void = re.sub(r"<(source|img)([^>]*)>", r"<\1\2/>", body)
    assert ET.fromstring(void).find("table") is not None


def test_the_page_needs_nothing_else(made: str) -> None:
    assert re.findall(r"""(?:src|href|srcset)=["'](?!data:)""", made) == []
    assert "<script" not in made
    assert "url(" not in made


def test_both_grounds_are_there(made: str) -> None:
    assert len(re.findall("data:image/svg", made)) == 2
    assert made.count("prefers-color-scheme: dark") == 2


def test_a_known_measure_and_an_unknown_one(made: str) -> None:
    assert '<th scope="row">Time to fall asleep (SOL)</th><td>7.5 min</td>' in made
    assert "unknown: a &lt;b&gt;reason&lt;/b&gt;" in made


def test_silent_spans_are_told_in_local_time(made: str) -> None:
    assert '<th scope="row">03:40 to 03:41</th><td>nobody in the user&#x27;s place</td>' in made


def test_faults_are_told_with_their_times(made: str) -> None:
    assert '<th scope="row">03:30 to 04:00</th><td>radar &lt;is&gt; deaf</td>' in made
    assert '<th scope="row">03:30 to the end</th><td>flash wears out</td>' in made


def test_the_picture_has_words_for_who_cannot_see_it(made: str) -> None:
    assert 'alt="Monday 2 February 2026. In bed from 03:41 to' in made
