"""Colours and sizes of the morning picture. Rule: told apart by colour-blind eyes, on light ground and on dark.

Hues after Okabe and Ito; wherever a colour means something, place, shape or a word says the same.
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTH_PX, DPI = 1000, 100
TEXT_PT, SMALL_PT, TITLE_PT = 17, 16, 25
LINE_PX = 30
#: Characters of a line of text that fit the page.
LINE_CHARS = 70

WAKE, LIGHT, DEEP, REM = range(4)


@dataclass(frozen=True)
class Theme:
    """One ground with all that is drawn on it."""

    name: str
    ground: str
    ink: str
    soft: str
    grid: str
    silent_face: str
    silent_line: str
    breathing: str
    movement: str
    stages: tuple[str, str, str, str]  # wake, light, deep, REM
    reasons: tuple[tuple[str, str], ...]  # word of a reason -> colour, the first that fits

    def reason(self, text: str) -> str:
        """The colour of a reason why something is not known; what has none is drawn in ink."""
        return next((colour for word, colour in self.reasons if word in text), self.ink)


_REASONS = (
    ("silent", "#9aa3ab"),
    ("no packets", "#7a7a7a"),
    ("moving", "#d55e00"),
    ("nobody", "#9aa3ab"),
    ("not the user", "#009e73"),
    ("not yet known", "#66c2a5"),
    ("farther", "#009e73"),
    ("starting", "#56b4e9"),
    ("weak", "#e69f00"),
    ("certain", "#e69f00"),
    ("disagree", "#cc79a7"),
    ("saturated", "#aa4499"),
)

LIGHT_GROUND = Theme(
    name="light", ground="#ffffff", ink="#1b2733", soft="#5b6670", grid="#e3e7ea",
    silent_face="#f1f3f4", silent_line="#d9dde1", breathing="#0072b2", movement="#d55e00",
    stages=("#d55e00", "#56b4e9", "#0072b2", "#cc79a7"), reasons=_REASONS,
)  # fmt: skip
DARK_GROUND = Theme(
    name="dark", ground="#10161c", ink="#e9eef2", soft="#a3b1bd", grid="#26313b",
    silent_face="#18212a", silent_line="#33414e", breathing="#56b4e9", movement="#e8803a",
    stages=("#e8803a", "#56b4e9", "#2f7fd0", "#d994b9"), reasons=_REASONS,
)  # fmt: skip
THEMES = {one.name: one for one in (LIGHT_GROUND, DARK_GROUND)}
