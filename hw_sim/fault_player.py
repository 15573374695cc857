"""Plays faults on a rig: each begins and ends at its virtual time, whoever's part it is.

Rule: after every beginning and end the parts get the fields of all faults that are in force, so that nothing depends on
their order but where two want the same field: there the later row counts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hw_sim.board import Board, Faults
from hw_sim.chip.chip import ChipFaults, ChipOptions
from hw_sim.faults import Fault, FaultError, parse, row_of
from hw_sim.line_faults import Line, LineFaults

BOARD = frozenset(one.name for one in dataclasses.fields(Faults))
CHIP = frozenset(one.name for one in dataclasses.fields(ChipFaults))
LINE = frozenset(one.name for one in dataclasses.fields(LineFaults))
STARTS = ("_from_us", "_at_us")
"""Fields that hold the time from which, or at which: theirs is the fault's."""


Span = tuple[Mapping[str, Any], int, int | None]
"""(fields, start us, end us or None) of one fault of the scene."""


class Device(Protocol):
    """What a rig must be for faults to be played on it."""

    board: Board
    line: Line

    def reboot(self, lose_clock: bool = False) -> None: ...
    def reset(self) -> None: ...
    def dip(self) -> None: ...
    def scene_faults(self, spans: Sequence[Span]) -> None: ...


ACTS: Mapping[str, Callable[[Any, Mapping[str, Any]], None]] = {
    "busy": lambda rig, fields: rig.board.busy(fields["us"]),
    "fifo_shift": lambda rig, _: rig.board.chip.lose_word(),
    "brown_out": lambda rig, _: rig.board.brown_out(),
    "power_cycle": lambda rig, _: rig.reboot(),
    "power_lost": lambda rig, _: rig.reboot(lose_clock=True),
    "device_reset": lambda rig, _: rig.reset(),
    "power_dip": lambda rig, _: rig.dip(),
    "flash_cut": lambda rig, fields: rig.board.cut_power_at_flash(1, fields["share"]),
}
"""What happens once, by the word of the row's field `act`."""


@dataclass
class Played:
    """A fault of the run, and how far it is."""

    fault: Fault
    begun: bool = False
    over: bool = False

    @property
    def next_us(self) -> int | None:
        """When it begins, or ends; None: never again."""
        if not self.begun:
            return self.fault.start_us
        return None if self.over else self.fault.end_us


class FaultPlayer:
    """The faults of one run. base: of the board, as it was made."""

    def __init__(self, rig: Device, base: Faults) -> None:
        self._rig, self.base = rig, base
        self.played: list[Played] = []

    def play(self, faults: Iterable[Fault | str]) -> None:
        """More faults; a name without a start begins now. Raises FaultError, and plays none, when one cannot be."""
        now_us = self._rig.board.now_us
        more = [parse(one, now_us) if isinstance(one, str) else one for one in faults]
        for one in more:
            if one.row.at_power_on and now_us > 0:
                raise FaultError(f"fault {one.name}: this is so from power-on; expected it before the run")
            if one.start_us < now_us:
                raise FaultError(f"fault {one.text}: start: expected {now_us / 1e6:.12g} s or later")
            if one.row.part == "scene":
                check_scene(self._rig, one)
        self.played += [Played(one) for one in more]
        self._scene()
        if not self._rig.board.running:
            self.pull()

    def end(self, name: str) -> int:
        """Ends all faults of this name now, those too that wait. Returns how many. Raises FaultError for no name."""
        row_of(name, f"fault {name}")
        now_us = self._rig.board.now_us
        ended = [one for one in self.played if one.fault.name == name and not one.over]
        if any(one.fault.row.at_power_on for one in ended):
            raise FaultError(f"fault {name}: this is so from power-on; it cannot end")
        for one in ended:
            one.over = one.begun = True
            one.fault = dataclasses.replace(one.fault, end_us=now_us)
        if ended:
            self._apply()
            self._scene()
        return len(ended)

    @property
    def in_force(self) -> list[Fault]:
        """What is wrong now."""
        return [one.fault for one in self.played if one.begun and not one.over]

    @property
    def waiting(self) -> list[Fault]:
        """What is still to come."""
        return [one.fault for one in self.played if not one.begun]

    def next_us(self) -> int | None:
        """The next beginning or end."""
        return min((one.next_us for one in self.played if one.next_us is not None), default=None)

    def pull(self) -> None:
        """Whatever begins or ends by now does."""
        now_us, changed = self._rig.board.now_us, False
        for one in sorted(self.played, key=lambda one: -1 if one.next_us is None else one.next_us):
            if one.next_us is None or one.next_us > now_us:
                continue
            if one.begun:
                one.over = True
            else:
                one.begun = True
                one.over = one.fault.row.once or (one.fault.end_us is not None and one.fault.end_us <= now_us)
                self._act(one.fault)
            changed = True
        if changed:
            self._apply()

    def rebase(self, base: Faults) -> None:
        """What is wrong with the board beside the faults of the run, from now on."""
        self.base = base
        self._apply()

    def _act(self, fault: Fault) -> None:
        fields = fault.row.fields(fault.value)
        if "act" in fields:
            ACTS[fields["act"]](self._rig, fields)

    def _apply(self) -> None:
        """All parts get what is in force."""
        board, chip, line = merged(self._now())
        self._rig.board.set_faults(dataclasses.replace(self.base, **_over(self.base, board)))
        chip_faults = ChipFaults(**chip)
        if chip_faults != self._rig.board.chip_faults:
            self._rig.board.set_chip_faults(chip_faults)
        self._rig.line.faults = LineFaults(**line)

    def _now(self) -> list[Fault]:
        """In force; of what happened once, the fields that say when stay (a dip at a time)."""
        onces = [one.fault for one in self.played if one.begun and one.fault.row.once]
        return [one for one in onces if "act" not in one.row.fields(one.value)] + self.in_force

    def _scene(self) -> None:
        """The scene knows its faults beforehand: its samples are made ahead of time."""
        spans = [
            (dict(one.fault.row.fields(one.fault.value)), one.fault.start_us, one.fault.end_us)
            for one in self.played
            if one.fault.row.part == "scene"
        ]
        if spans:
            self._rig.scene_faults(spans)

    def save(self) -> list[tuple[str, float, int, int | None, bool, bool]]:
        """For a snapshot."""
        return [(*dataclasses.astuple(one.fault), one.begun, one.over) for one in self.played]

    def load(self, base: Mapping[str, Any], state: Iterable[tuple[Any, ...]]) -> None:
        """Out of a snapshot; board and chip have theirs in their memory."""
        self.base = Faults(**base)
        self.played = [Played(Fault(*one[:4]), *one[4:]) for one in state]
        _, chip, line = merged(self._now())
        self._rig.board.know_chip_faults(ChipFaults(**chip))
        self._rig.line.faults = LineFaults(**line)
        self._scene()


def check_scene(rig: Any, fault: Fault) -> None:
    """Raises FaultError for a fault of the air in front of a source that is no scene."""
    if getattr(rig, "scene", None) is None:
        raise FaultError(f"fault {fault.name}: needs a scene in front of the radar; here are only samples")


def merged(faults: Iterable[Fault]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """(board's, chip's, line's) fields of several faults at once."""
    board: dict[str, Any] = {}
    chip: dict[str, Any] = {}
    line: dict[str, Any] = {}
    for fault in faults:
        row = fault.row
        if row.part == "scene" or row.at_power_on:
            continue
        for key, value in row.fields(fault.value).items():
            if row.part == "chip":
                chip[key] = value
            elif key in LINE:
                line[key] = value
            elif key in BOARD:
                board[key] = _joined(key, board.get(key), fault.start_us if key.endswith(STARTS) else value)
    return board, chip, line


def _joined(key: str, before: Any, value: Any) -> Any:
    """Masks add up; of two starts of one thing the earlier holds."""
    if before is None:
        return value
    if key == "miso_and":
        return before & value
    if key == "miso_or":
        return before | value
    if key == "miso_fifo_only":
        return before and value
    return min(before, value) if key.endswith("_from_us") else value


def _over(base: Faults, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A fault that the board had from the start stays where a fault of the run wants the same field later."""
    found = dict(fields)
    for key, value in fields.items():
        if key.endswith("_from_us") and getattr(base, key) is not None:
            found[key] = min(value, getattr(base, key))
    return found


def at_power_on(faults: Iterable[Fault], board: Faults | None, chip: ChipOptions | None) -> tuple[Faults, ChipOptions]:
    """Board and chip as they are made with those faults that are so from power-on."""
    board, chip = board or Faults(), chip or ChipOptions()
    for fault in faults:
        if fault.row.at_power_on:
            fields = fault.row.fields(fault.value)
            if fault.row.part == "chip":
                chip = dataclasses.replace(chip, **fields)
            else:
                board = dataclasses.replace(board, **{key: value for key, value in fields.items() if key in BOARD})
    return board, chip
