"""Climate and light of a scenario's room, and their course over a night.

Rule: a function of the table, the user's night and time; sensors see it through the board, at its own time.

Not modelled: draughts, ventilation, heating that switches, weather, the device's own lamp; a radar
chip that warms up or cools with the room.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from hw_sim.chip.chip import ChipOptions
from hw_sim.scenario_table import Table

if TYPE_CHECKING:
    from hw_sim.board import Board
    from hw_sim.night import Night
    from hw_sim.scene import Scene

Point = tuple[int, int, int, int]
"""(us, 1e-3 degree Celsius, 1e-3 percent, 1e-3 lx), as hw_sim.board.RoomPoint."""

STEP_S: Final = 300.0
SWITCH_S: Final = 0.1  # a lamp's
MOST_POINTS: Final = 500
BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "temperature_c": (-20, 50),
    "cooling_c": (-15, 15),
    "cooling_hours": (0.1, 24),
    "humidity_pct": (5, 95),
    "breath_pct": (0, 30),
    "evening_lux": (0, 20000),
    "night_lux": (0, 20000),
    "absence_lux": (0, 20000),
    "day_lux": (0, 100000),
    "lights_out_s": (0, 172800),
    "sunrise_s": (0, 172800),
    "sunrise_min": (1, 600),
    "chip_warmer_c": (0, 100),
}


class Room(Table, frozen=True):
    """Temperature, humidity and light; every number may be [low, high], drawn per seed."""

    temperature_c: float = 20.0  # at the beginning
    cooling_c: float = 2.0  # falls towards so much less, as heat leaks away
    cooling_hours: float = 3.0  # time constant of that
    humidity_pct: float = 45.0  # relative, at the beginning
    breath_pct: float = 6.0  # rises towards so much more, with the same time constant: people breathe
    evening_lux: float = 30.0  # until lights-out
    night_lux: float = 0.05  # then
    absence_lux: float = 3.0  # while the user is up at night
    day_lux: float = 200.0  # after sunrise
    lights_out_s: float | None = None  # none: the user's, or from the beginning where nobody sleeps
    sunrise_s: float | None = None  # begins; none: not in this scene
    sunrise_min: float = 45.0  # lasts
    chip_warmer_c: float = 5.0  # than the air at the beginning: the radar chip's die, the same all night


def course(room: Room, night: Night, duration_s: float) -> list[Point]:
    """The room through the scene, as points with straight lines between; light falls and rises within SWITCH_S."""
    edges = _lamp(room, night)
    step_s = max(STEP_S, duration_s / (MOST_POINTS - 2 * len(edges) - 2))
    times = {k * step_s for k in range(int(duration_s / step_s) + 2)}
    for at_s, _ in edges:
        times |= {at_s, at_s + SWITCH_S}
    rows = {round(1e6 * t_s): _at(room, edges, t_s) for t_s in sorted(times)}
    return [(t_us, *row) for t_us, row in sorted(rows.items())]


def _lamp(room: Room, night: Night) -> list[tuple[float, float]]:
    """(s, lx from then on) of what is switched, without the sky."""
    out_s = night.lights_out_s if room.lights_out_s is None else room.lights_out_s
    if out_s is None:
        return []
    edges = [(out_s, room.night_lux)]
    for from_s, to_s in night.absences_s:
        edges += [(from_s, room.absence_lux), (to_s, room.night_lux)]
    return sorted(edges)


def _at(room: Room, edges: list[tuple[float, float]], t_s: float) -> tuple[int, int, int]:
    gone = 1 - math.exp(-t_s / (3600 * room.cooling_hours))
    lux = room.evening_lux if edges else room.night_lux
    for at_s, value in edges:
        lux = value if t_s >= at_s + SWITCH_S / 2 else lux
    humidity = min(100.0, room.humidity_pct + room.breath_pct * gone)
    temperature_c = room.temperature_c - room.cooling_c * gone
    return round(1000 * temperature_c), round(1000 * humidity), round(1000 * max(lux, _sky_lux(room, t_s)))


def _sky_lux(room: Room, t_s: float) -> float:
    """Twilight doubles at even intervals: from a thousandth to the whole."""
    if room.sunrise_s is None or t_s < room.sunrise_s:
        return 0.0
    gone = min(1.0, (t_s - room.sunrise_s) / (60 * room.sunrise_min))
    return room.day_lux * math.exp(math.log(1000) * (gone - 1))


def furnished(board: Board, scene: Scene | None, utc_us: int | None) -> Board:
    """The board in the scene's room; utc_us: its clock chip shows this time, None: it has lost its time."""
    if utc_us is not None:
        board.rtc_set(utc_us)
    if scene is not None:
        room = scene.scenario.room or Room()
        board.set_room(course(room, scene.truth().night, scene.duration_s))
        if board.chip_options.temperature_mc == ChipOptions().temperature_mc:  # else somebody wants another one
            board.chip.set_temperature_c(room.temperature_c + room.chip_warmer_c)
    return board
