"""`sw_board`, `sw_clock`, `sw_faults`: what a hand, a clock and bad luck do to the device under test.

Rule: a lever that does not exist at this target skips the test and says so; none is silently ignored.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hw_sim.faults import ROWS, Fault, FaultError, parse
from hw_sim.hil.home import Home

__tracebackhide__ = True  # a failure is shown at the line of the test

PRESETS: dict[str, dict[str, Any]] = {
    "miso_stuck_low": {"miso_and": 0x00, "miso_or": 0x00, "miso_fifo_only": False},
    "miso_stuck_high": {"miso_and": 0xFF, "miso_or": 0xFF, "miso_fifo_only": False},
    "fifo_stuck_low": {"miso_and": 0x00, "miso_or": 0x00, "miso_fifo_only": True},
    "irq_stuck_low": {"irq_low_from_us": 0},
    "irq_stuck_high": {"irq_high_from_us": 0},
    "flash_stuck": {"flash_stuck_from_us": 0},
}
"""Faults of the board by name, from the moment they are named."""
STARTS = dict.fromkeys(("miso_and", "miso_or", "miso_flip_ppm"), "miso_from_us")
AT_POWER_ON = ("clock_ppb", "chip_id", "reset_stuck", "memory_broken")
"""Faults of parts that are what they are from power-on."""


def named(names: Iterable[str], now_us: int) -> tuple[tuple[str, ...], list[Fault]]:
    """Presets, and faults of the table (`irq-late=5ms@3+1`; without a start from now on). Raises FaultError."""
    presets: list[str] = []
    faults: list[Fault] = []
    for name in names:
        word = name.split("=")[0].split("@")[0].strip()
        if word in ROWS or word != name or "-" in word:
            faults.append(parse(name, now_us))
        else:
            presets.append(name)
    return tuple(presets), faults


@dataclasses.dataclass(frozen=True)
class FaultTable:
    """Fields of the board's and of the chip's faults, as hw_sim.board.Faults and hw_sim.chip.chip.ChipOptions have them."""

    board: tuple[str, ...]
    chip: tuple[str, ...]

    def parse(
        self, names: tuple[str, ...], fields: Mapping[str, Any], now_us: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """(board's, chip's) fields out of presets and fields; without a start of their own they hold from now on.

        Raises FaultError.
        """
        board: dict[str, Any] = {}
        for name in names:
            if name not in PRESETS:
                raise FaultError(
                    f"sw_faults({name!r}): expected one of {', '.join(PRESETS)}, or a fault of `stillwave faults`"
                )
            preset = PRESETS[name]
            board |= {key: now_us if key.endswith("_from_us") else value for key, value in preset.items()}
        unknown = sorted(set(fields) - set(self.board) - set(self.chip))
        if unknown:
            raise FaultError(f"sw_faults({unknown[0]}=...): expected one of {', '.join(self.board + self.chip)}")
        board |= {key: value for key, value in fields.items() if key in self.board}
        for key, start in STARTS.items():
            if key in board:
                board.setdefault(start, now_us)
        return board, {key: value for key, value in fields.items() if key not in self.board}


class Faults:
    """Faults of the board that are in force. at_start: those of the test's marker."""

    def __init__(self, home: Home, table: FaultTable, at_start: Mapping[str, Any], apply: Callable[..., None]) -> None:
        self._home, self._table, self._apply = home, table, apply
        self._fields = dict(at_start)

    @property
    def active(self) -> dict[str, Any]:
        """Fields of the board's faults that differ from a healthy board, and faults of the table: name to itself."""
        rig: Any = getattr(self._home, "rig", None)
        played = [] if rig is None else [one.text for one in rig.faults.in_force]
        return self._fields | {text.split("@")[0].split("=")[0]: text for text in played}

    def add(self, *names: str, **fields: Any) -> None:
        """More faults, from now on or at their own times: of the table, presets, or fields of hw_sim.board.Faults.

        Raises FaultError for a fault that does not exist, and for one of the chip itself: those are for the marker.
        """
        presets, faults = named(names, self._now_us())
        board, chip = self._table.parse(presets, fields, self._now_us())
        fixed = [*chip, *(key for key in AT_POWER_ON if key in board)]
        if fixed:
            which = fixed[0]
            raise FaultError(f"sw_faults.add({which}=...): fixed at power-on; use @pytest.mark.sw_faults({which}=...)")
        self._fields |= board
        self._home.rig.faults.play(faults)  # type: ignore[attr-defined]
        self._apply(self._fields)

    def clear(self) -> None:
        """The board is healthy again; what went wrong meanwhile stays."""
        self._now_us()
        player = self._home.rig.faults  # type: ignore[attr-defined]
        for name in {one.name for one in player.in_force + player.waiting if not one.row.at_power_on}:
            player.end(name)
        self._fields = {key: value for key, value in self._fields.items() if key in AT_POWER_ON}
        self._apply(self._fields)

    def _now_us(self) -> int:
        if not hasattr(self._home, "rig"):
            self._home.lacks("faults")
        return self._home.now_us


class Clock:
    """The time of the device under test: virtual on the emulated board, the wall's at a port, else the recorded one."""

    def __init__(self, home: Home) -> None:
        self._home = home

    @property
    def kind(self) -> str:
        """`virtual`, `wall` or `recorded`."""
        return self._home.clock

    @property
    def now_us(self) -> int:
        """us since the test began."""
        return self._home.now_us

    @property
    def now_s(self) -> float:
        """s since the test began."""
        return self._home.now_us / 1e6

    @property
    def utc_us(self) -> int:
        """True UTC now, us since 1970: what a host with a right clock would tell the device."""
        return self._home.utc_us

    def run(self, seconds: float) -> None:
        """Device time goes on for so long; bytes are heard meanwhile. At a port this waits. Raises ValueError below 0."""
        self._home.run(seconds)


class Board:
    """The hands on the device. target: word of --sw-target; seed: of the run."""

    def __init__(self, home: Home, target: str) -> None:
        self._home = home
        self.target = target
        self.seed = home.seed

    def _rig(self, lever: str) -> Any:
        """The rig behind the emulated board; skips elsewhere."""
        rig = getattr(self._home, "rig", None)
        return self._home.lacks(lever) if rig is None else rig

    @property
    def rig(self) -> Any:
        """The emulated board itself (hw_sim.quanta.Quanta), for tests that look inside; skips elsewhere."""
        return self._rig("looking inside")

    def power_cycle(self, lose_clock: bool = False) -> None:
        """Power off and on, now: memory is gone, flash stays, the clock chip too unless its back-up is lost with it."""
        self._rig("power").reboot(lose_clock=lose_clock)
        self._home.restarts += 1

    def reset(self) -> None:
        """The microcontroller's reset, now: its memory is gone; radar chip, flash and clock chip go on as they are."""
        self._rig("reset").reset()
        self._home.restarts += 1

    def standby(self, on: bool) -> None:
        """The user's standby switch."""
        self._rig("standby switch").set_standby(on)

    def button(self, down: bool) -> None:
        """The user's finger on the button, or off it."""
        self._rig("button").button(down)

    def press(self, seconds: float = 0.2) -> None:
        """Presses the button, lets so much device time pass, lets go."""
        self.button(True)
        self._home.run(seconds)
        self.button(False)

    def cut_line(self, cut: bool) -> None:
        """The wires of the serial line: while cut, every byte of either side is lost."""
        self._rig("cut line").cut_line(cut)

    def set_clock(self) -> None:
        """The clock chip as if somebody had set it to true UTC, now."""
        self._rig("clock chip").board.rtc_set(self._home.utc_us)

    def at(self, t_s: float, lever: Callable[[], None]) -> None:
        """Pulls a lever at this device time, s, in the middle of whatever runs then. Raises ValueError for the past."""
        self._rig("levers at a time").at(round(t_s * 1e6), lever)

    @property
    def pins(self) -> list[tuple[int, str, int]]:
        """(t_us, pin, value) of every change: buzzer 0 or 1; red, green, blue 0 dark .. 65535 full; light: their brightest."""
        return list(self._rig("pins").pins)

    def pin(self, name: str) -> int:
        """The present value of buzzer, light, red, green or blue. Raises ValueError for another pin."""
        if name not in ("buzzer", "light", "red", "green", "blue"):
            raise ValueError(f"sw_board.pin({name!r}): expected buzzer, light, red, green or blue")
        return next((value for _, pin, value in reversed(self.pins) if pin == name), 0)

    @property
    def transmitting(self) -> bool:
        """The radar sends chirps; else it is in deep sleep."""
        return bool(self._rig("radar chip").board.chip.transmitting)

    @property
    def counters(self) -> dict[str, int]:
        """What the radar chip counted since power-on, by the names of hw_sim.chip.chip.ChipCounters."""
        return dataclasses.asdict(self._rig("radar chip").board.chip.counters())
