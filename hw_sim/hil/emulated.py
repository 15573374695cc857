"""The emulated board as a home of tests: our firmware on any of its targets, or a stranger's program on the bridge.

Rule: the recording and the ears hear the line exactly as the host's end of it does, with the time of each write.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from hw_sim.board import Board, BoardFailed, Faults, SampleSource
from hw_sim.chip.chip import ChipOptions
from hw_sim.fault_player import at_power_on
from hw_sim.faults import Fault
from hw_sim.hil.home import Home, HomeError
from hw_sim.hil.plain_scenes import PLAIN_SCENES
from hw_sim.hil.targets import Target
from hw_sim.levers import Levers
from hw_sim.link_counts import LinkCounts, Seen, Silence
from hw_sim.producer import FrameProducer
from hw_sim.quanta import LineRecorder, Quanta
from hw_sim.target import ProcessTarget, posix_target

if TYPE_CHECKING:
    from hw_sim.scenario import Scenario
    from hw_sim.scene import Scene

__tracebackhide__ = True  # a failure is shown at the line of the test

T0_UTC_US = 1_768_516_200_000_000
"""True UTC at virtual time 0: 2026-01-15T22:30:00Z."""


class Unread(LinkCounts):
    """Counts of a line whose language nobody here knows: bytes and their digest."""

    def write(self, t_us: int, data: bytes) -> None:
        """One write of the device."""
        self._digest.update(data)
        self.bytes_on_wire += len(data)


class Stranger(Quanta):
    """Any firmware that speaks the records of bridge.h on its stdin and stdout, on the emulated board.

    Raises HomeError when the program cannot be started or is no such firmware.
    """

    def __init__(
        self,
        program: str,
        scene: Scene | SampleSource,
        seed: int,
        faults: Faults,
        chip: ChipOptions,
        patience_s: float,
    ) -> None:
        silence = Silence([], 1)
        board = Board(seed, faults, chip)
        super().__init__(board, silence, Unread(_no_packet, silence), T0_UTC_US)
        self._producer = FrameProducer(scene.frames) if hasattr(scene, "frames") else None
        self.source = self._producer or cast("SampleSource", scene)
        try:
            target = posix_target(board, Path(program))
        except OSError as error:
            raise HomeError(f"program {program}: cannot be started: {error.strerror or error}") from None
        self.device = target
        target.patience(patience_s)
        try:
            target.start([])
        except BaseException as error:  # Ctrl-C included
            target.close()
            if isinstance(error, (BoardFailed, ValueError)):
                raise HomeError(f"program {program}: no answer to START of the bridge: {error}") from None
            raise

    def _overhear(self, data: bytes) -> None:
        """Whatever the host says is between the two of them."""


def _no_packet(_block: bytes) -> Seen | None:
    return None


class Tap:
    """A recorder that also lets the ears hear."""

    def __init__(self, recorder: LineRecorder, hear: Callable[[int, bytes], None], t0_utc_us: int) -> None:
        self._recorder, self._hear, self._t0_utc_us = recorder, hear, t0_utc_us

    def from_device(self, utc_us: int, data: bytes) -> None:
        self._recorder.from_device(utc_us, data)
        self._hear(utc_us - self._t0_utc_us, data)

    def to_device(self, utc_us: int, data: bytes) -> None:
        self._recorder.to_device(utc_us, data)

    def tick(self, utc_us: int) -> None:
        self._recorder.tick(utc_us)

    def close(self) -> None:
        """The recorder's owner closes it."""


class Emulated(Home):
    """A device on the emulated board at virtual time 0. rig: any Quanta with its device."""

    where = "this lever needs the emulated board"

    def __init__(self, lacks: Callable[[str], NoReturn], rig: Quanta, recorder: LineRecorder) -> None:
        super().__init__(lacks)
        self.rig = rig
        self._recorder = recorder
        rig.recorder = Tap(recorder, self.heard, rig.t0_utc_us)
        recorder.tick(rig.t0_utc_us)

    @property
    def now_us(self) -> int:
        return self.rig.board.now_us

    @property
    def utc_us(self) -> int:
        return self.rig.t0_utc_us + self.now_us

    def step(self, us: int) -> None:
        try:
            self.rig.run(us / 1e6)
        except BoardFailed as error:
            raise HomeError(f"the board stopped: {error}") from None

    def write(self, data: bytes) -> None:
        if not self.rig.line_cut:
            self._recorder.to_device(self.utc_us, data)
        self.rig.send(data)

    def close(self) -> None:
        self._recorder.tick(self.utc_us)
        self.rig.close()

    @property
    def levers(self) -> Levers:
        return self.rig


def make_scene(what: str | Path | Scenario, seed: int, duration_s: float) -> Scene | SampleSource:
    """What stands in front of the radar: a built-in scenario's name, a TOML file, a Scenario, or a plain scene.

    Raises SceneError (a ValueError), HomeError when a scene's extra is not installed.
    """
    if isinstance(what, str) and what in PLAIN_SCENES:
        return PLAIN_SCENES[what]()
    try:
        from hw_sim.scene import Scene
    except ModuleNotFoundError as error:
        raise HomeError(f"scene {what}: needs {error.name}; pip install 'stillwave[sim]' brings it") from None
    if isinstance(what, (str, Path)):
        return Scene.load(what, seed=seed, duration_s=duration_s)
    return Scene(what, seed=seed, duration_s=duration_s)


def build(
    target: Target,
    scene: Scene | SampleSource,
    own: Callable[..., Quanta],
    *,
    seed: int,
    faults: Mapping[str, Any],
    chip: Mapping[str, Any],
    patience_s: float,
    play: Sequence[Fault] = (),
) -> Quanta:
    """The board with its device. own: makes the rig of our own firmware (hw_sim.rig.Rig). Raises HomeError, FaultError."""
    options: dict[str, Any] = {"seed": seed, "faults": Faults(**faults)}
    if target.kind == "program":
        options["faults"], made = at_power_on(play, options["faults"], ChipOptions(**chip))
        stranger = Stranger(target.place, scene, chip=made, patience_s=patience_s, **options)
        stranger.faults.play(play)
        return stranger
    options["play"] = play
    front = {"scene": scene} if hasattr(scene, "truth") else {"source": scene}
    try:
        rig = own(**front, target=target.kind, t0_utc_us=T0_UTC_US, chip=ChipOptions(**chip), **options)
    except ModuleNotFoundError as error:
        raise HomeError(f"target {target.kind}: needs {error.name}; pip install 'stillwave[hil]' brings it") from None
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        raise HomeError(str(error)) from None
    if isinstance(rig.device, ProcessTarget):
        rig.device.patience(patience_s)
    return rig
