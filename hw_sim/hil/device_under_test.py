"""One test's device with everything around it: its line, its levers, its recording and what it is held to.

Rule: it is one device from power-on (or one listening span at a port, or one replay); nothing of it reaches
the next test.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Protocol

from hw_sim.board import Faults as BoardFaults
from hw_sim.chip.chip import ChipOptions
from hw_sim.faults import Fault
from hw_sim.hil import checks, emulated
from hw_sim.hil.home import Home, HomeError
from hw_sim.hil.levers import Board, Clock, Faults, FaultTable, named
from hw_sim.hil.link import NO_PACKETS, Link, Speech
from hw_sim.hil.live import Live
from hw_sim.hil.replayed import Replayed
from hw_sim.hil.serial_line import SerialLine
from hw_sim.hil.story import Story
from hw_sim.hil.targets import Target

FAULTS = FaultTable(
    tuple(one.name for one in dataclasses.fields(BoardFaults)),
    tuple(one.name for one in dataclasses.fields(ChipOptions)),
)
DEFAULT_DURATION_S = 600.0


@dataclass(frozen=True)
class Asked:
    """What test and command line ask for. scene: (what, duration_s) of the marker; given_scene: --sw-scene.

    patience_s: wall time of a step after which a device in another process counts as hung.
    """

    scene: tuple[Any, float] | None
    given_scene: str | None
    seed: int
    fault_names: tuple[str, ...]
    fault_fields: Mapping[str, Any]
    expected: Mapping[str, Any]
    repeat: str
    patience_s: float


class Tools(Protocol):
    """What only the plugin may import."""

    port: Any

    def speech(self) -> Speech: ...
    def recorder(self, path: Path, metadata: Mapping[str, str]) -> Any: ...
    def recording(self, path: Path) -> tuple[list[tuple[int, bytes]], dict[str, str]]: ...
    def rig(self, **options: Any) -> Any: ...
    def utc_us(self) -> int: ...
    def port_failures(self) -> tuple[type[Exception], ...]: ...


@dataclass
class DeviceUnderTest:
    """See above. violations: what the checks found so far."""

    target: Target
    asked: Asked
    home: Home
    recording: Path
    recorder: Any
    serial: SerialLine
    link: Link | None
    board: Board
    clock: Clock
    faults: Faults
    failed: bool = False
    violations: list[str] = field(default_factory=list)
    _digest: Any = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        self.home.ears.append(lambda _t_us, data: self._digest.update(data))

    def link_or_fail(self) -> Link:
        """The packets; raises TypeError for a stranger's line."""
        if self.link is None:
            raise TypeError(NO_PACKETS)
        return self.link

    def new_violations(self) -> list[str]:
        """What the checks find now and did not before."""
        found = checks.violations(self.home, self.link, checks.wanted(self.asked.expected))
        new = [line for line in found if line not in self.violations]
        self.violations += new
        return new

    def story(self) -> Story:
        """What is to be told of the test."""
        return Story(
            self.target.word, self.asked.seed, self.home.scenario, self.home, self.serial, self.link, self.recording,
            self.asked.repeat, self._digest.hexdigest(), self.faults.active,
        )  # fmt: skip

    def properties(self) -> list[tuple[str, object]]:
        """For JUnit."""
        figures = self.story().figures()
        names = ("target", "seed", "scene", f"{self.home.clock}_s", "digest", "recording")
        return [(name, figures[name]) for name in names]

    def close(self) -> None:
        """Ends device and recording."""
        self.home.close()
        if self.recorder is not None:
            self.recorder.close()


def open_device(
    target: Target, asked: Asked, folder: Path, tools: Tools, skip: Callable[[str], NoReturn]
) -> DeviceUnderTest:
    """The device behind the target, its line and its recording. Raises HomeError, ValueError; skips what cannot be."""
    checks.wanted(asked.expected)
    presets, play = named(asked.fault_names, 0)
    board_faults, chip_faults = FAULTS.parse(presets, asked.fault_fields, 0)
    path = folder / "link.mcap"
    recorder: Any = None
    if target.kind == "replay":
        path = Path(target.place)
        entries, run = tools.recording(path)
        home: Home = Replayed(skip, entries)
        _same_scene(asked, run.get("scenario", ""), skip)
        home.scenario = run.get("scenario", "")
    elif target.kind == "serial":
        _same_scene(asked, asked.given_scene or "", skip)
        recorder = tools.recorder(path, {"source": "live", "target": target.word})
        home = Live(skip, tools.port, recorder, tools.utc_us(), tools.port_failures())
        home.scenario = asked.given_scene or ""
    else:
        home, recorder = _emulated(target, asked, path, tools, skip, board_faults, chip_faults, play)
    home.seed = asked.seed
    if not target.emulated and (board_faults or chip_faults or play):
        home.lacks("faults")
    link = Link(home, tools.speech()) if target.speaks_packets else None
    faults = Faults(home, FAULTS, board_faults | chip_faults, lambda now: _apply(home, now))
    line, board, clock = SerialLine(home), Board(home, target.word), Clock(home)
    return DeviceUnderTest(target, asked, home, path, recorder, line, link, board, clock, faults)


def _emulated(
    target: Target,
    asked: Asked,
    path: Path,
    tools: Tools,
    skip: Callable[[str], NoReturn],
    board_faults: Mapping[str, Any],
    chip_faults: Mapping[str, Any],
    play: Sequence[Fault],
) -> tuple[Home, Any]:
    default = "ramp" if target.kind == "program" else "empty"
    what, duration_s = asked.scene or (asked.given_scene or default, DEFAULT_DURATION_S)
    name = Path(what).name if isinstance(what, (str, Path)) else "a scenario of the test"
    try:
        scene = emulated.make_scene(what, asked.seed, duration_s)
    except ValueError as error:
        raise HomeError(f"scene {name}: {error}") from None
    options: dict[str, Any] = {
        "seed": asked.seed,
        "faults": board_faults,
        "chip": chip_faults,
        "patience_s": asked.patience_s,
        "play": play,
    }
    rig = emulated.build(target, scene, tools.rig, **options)
    run = {"source": "simulated", "scenario": name, "seed": str(asked.seed), "target": target.kind}
    recorder = tools.recorder(path, run)
    home = emulated.Emulated(skip, rig, recorder)
    home.scenario = name
    return home, recorder


def _same_scene(asked: Asked, present: str, skip: Callable[[str], NoReturn]) -> None:
    """A test that wants a scene of its own runs where it is said to be so."""
    if asked.scene is None:
        return
    wanted = asked.scene[0]
    name = Path(wanted).name if isinstance(wanted, (str, Path)) else "of its own"
    if name != present:
        skip(f"needs the scene {name}; here is {present or 'nobody knows what (--sw-scene says it)'}")


def _apply(home: Home, fields: Mapping[str, Any]) -> None:
    """Faults as they are to be from now on."""
    rig: Any = getattr(home, "rig", None)
    rig.faults.rebase(BoardFaults(**{key: value for key, value in fields.items() if key in FAULTS.board}))
