"""A device on the emulated board that is broken for some seconds: what it says of it, and how it goes on.

Rule: the board plays the fault by its row of the table of faults; the device is asked as a host would ask it, or its
memory is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from edge.config import RadarConfig
from edge.core import load
from edge.firmware import open_flash
from hw_sim import target as homes
from hw_sim.board import Board, Faults
from hw_sim.chip.chip import ChipFaults, ChipOptions
from hw_sim.faults import ROWS
from hw_sim.rig import HostTarget
from tests.board_device import Ramp
from wire import codec, packet, table

ffi, lib = load()
S = 1_000_000
ACTS: dict[str, Callable[[Board, dict[str, Any]], None]] = {
    "busy": lambda board, fields: board.busy(fields["us"]),
    "fifo_shift": lambda board, _: board.chip.lose_word(),
    "brown_out": lambda board, _: board.brown_out(),
}
NAMES = {int(one): one.name for one in table.Reason}

OF_SAMPLES = {
    "ANTENNA_DEAD", "ANTENNA_MISMATCH", "LEAKAGE", "ADC_OFFSET", "FIRST_CHIRP", "RAMP", "INTERFERENCE",
    "SUPPLY_RIPPLE", "SATURATED",
}  # fmt: skip
"""What is read from samples says nothing here: they count up and are no scene."""


@dataclass
class Night:
    """start_s 0: broken from power-on. value None: the fault's default."""

    fault: str
    value: float | None = None
    start_s: float = 2.0
    for_s: float = 6.0
    frames: int = 0  # delivered while it was broken
    recovered_s: float | None = None  # from its end to the third good frame
    noticed_s: float | None = None  # from its start
    failed: bool = False  # the radar was given up for a while
    noticed: set[str] = field(default_factory=set)

    @property
    def fields(self) -> dict[str, Any]:
        row = ROWS[self.fault]
        value = self.value if self.value is not None else 0 if row.kind is None else row.kind.default
        return dict(row.fields(value or 0))

    def board(self) -> Board:
        """Where it happens."""
        options = {k: v for k, v in self.fields.items() if k == "reference_hz"}
        board = Board(1, None, ChipOptions(**options))
        board.load_flash(open_flash())
        if self.start_s == 0:
            self.break_it(board)
        return board

    def break_it(self, board: Board) -> None:
        """From now on, or once."""
        fields, part = self.fields, ROWS[self.fault].part
        if "act" in fields:
            ACTS[fields["act"]](board, fields)
        elif part == "board":
            board.set_faults(Faults(**fields))
        elif "reference_hz" not in fields:
            board.chip.set_faults(ChipFaults(**fields))

    def mend_it(self, board: Board) -> None:
        """All is well again."""
        board.set_faults(Faults())
        board.chip.set_faults(ChipFaults())

    def on_host(self, after_s: float = 5.0) -> Night:
        """Runs on target host; then what was noticed is known."""
        board = self.board()
        device, source = HostTarget(board, RadarConfig(), "c"), Ramp()
        state = device.firmware.state

        def run(seconds: float) -> None:
            until_us = board.now_us + round(seconds * S)
            while board.now_us < until_us:
                board.run(min(until_us, board.now_us + 50_000), source)
                self.failed |= state.driver.failure != 0

        if self.start_s:
            run(self.start_s)
            self.break_it(board)
        before = state.driver.counters.frames
        run(self.for_s)
        self.frames = state.driver.counters.frames - before
        if "act" not in self.fields:
            self.mend_it(board)
        end_us, good = board.now_us, state.driver.counters.frames
        while board.now_us < end_us + after_s * S:
            run(0.05)
            if self.recovered_s is None and state.driver.counters.frames >= good + 3:
                self.recovered_s = (board.now_us - end_us) / S
        for name in NAMES.values():
            index = getattr(lib, f"SW_HEALTH_{name}", None)
            if index is not None and name not in OF_SAMPLES and state.health.fault[index].times:
                self.noticed.add(name)
                self.noticed_s = state.health.fault[index].from_us / S - self.start_s
        return self

    def without_handler(self) -> set[str]:
        """Runs on target `without` (the environment names the handler); what HEALTH says in the end."""
        board = self.board()
        device, source = homes.open_target(board, "without", homes.build_program("without")), Ramp()
        try:
            device.start(RadarConfig().words())
            if self.start_s:
                board.run(round(self.start_s * S), source)
                self.break_it(board)
            board.run(round((self.start_s + self.for_s) * S), source)
            board.take()
            board.give(codec.encode(packet.make(packet.HEALTH_READ, {"nonce": 9})))
            board.run(board.now_us + 1000, source)
            answers = [one for one in codec.Decoder().feed(board.take().data) if one.type == packet.HEALTH]
        finally:
            device.close()
        (answer,) = answers
        lists = [answer.fields[key] for key in ("present", "past")]
        return {NAMES[reason] for one in lists if isinstance(one, tuple) for reason in one if reason} - OF_SAMPLES
