"""Puts scene, board and firmware together; the simulator's one door to the product.

Rule: this file alone knows both sides. How time goes on is in quanta.py, what somebody does to the device in levers.py.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from edge import core as edge_core
from edge.config import ConfigError, RadarConfig
from edge.firmware import ChainOps, Firmware, c_chain, make_hal, open_flash, paired_flash
from edge.probes import Array, OnFrame, ProbeError, Watch
from edge.raw_adc import RawRecorder
from hw_sim import snapshot as snapshots
from hw_sim import target as homes
from hw_sim.board import FLASH_BYTES, Board, Faults, NoSamples, SampleSource, hal_addresses
from hw_sim.chip.chip import ChipOptions
from hw_sim.fault_player import at_power_on
from hw_sim.faults import Fault, parse
from hw_sim.levers import QUANTUM_US
from hw_sim.link_counts import Kind, LinkCounts, Seen, Silence
from hw_sim.memory import Place
from hw_sim.night_truth import TRUTH_HZ, BandFilter
from hw_sim.producer import FrameProducer
from hw_sim.quanta import Quanta
from hw_sim.scenario_climate import furnished
from hw_sim.scene import Scene
from hw_sim.target import ProcessTarget
from wire import codec, packet, table, trust, values
from wire.packet import ANSWERS, Packet
from wire.recording import Recorder

if TYPE_CHECKING:
    from hw_sim.night_run import NightResult
    from hw_sim.recording import Recording

PLANTED = ("overflow", "unguarded", "unspared", "without", "flushing")
TARGETS = ("host", "posix", "aarch64", *homes.MACHINES, "sanitized", *PLANTED)
CORES = ("c", "numba")
DATA_TYPES = (packet.VITALS, packet.TRANSITION, packet.ALARM_EVENT, packet.ROOM, packet.FAULT)
FrameLog = Callable[[Any], None]
"""Called with the chain's output struct after every frame, valid during the call."""


class RigError(RuntimeError):
    """The rig cannot be put together; one line that says what is missing or wrong."""


class HostTarget:
    """The firmware inside this process, bound to the board by address. Raises RigError, FirmwareError."""

    def __init__(
        self, board: Board, radar: RadarConfig, chain: str, log: FrameLog | None = None, raw: RawRecorder | None = None
    ) -> None:
        self._kept: tuple[Any, ...] = ()
        ops: ChainOps | None = None
        if raw is not None:
            ops, self._kept = raw.tapped(*chain_ops(chain))
        elif chain != "c" or log is not None:
            ops, self._kept = chain_ops(chain)
        if ops is not None and log is not None:
            ops = self._logged(ops, log)
        self._parts = board, radar, ops
        self.watched: Watch | None = None
        try:
            self.restart()
        except ConfigError as error:
            raise RigError(str(error)) from None

    def restart(self) -> None:
        """A fresh firmware in fresh memory."""
        board, radar, ops = self._parts
        self.firmware = Firmware(make_hal(hal_addresses(), board.context), radar, ops)
        board.bind_device(self.firmware.step_address, self.firmware.state_address)
        if self.watched is not None:
            self.watch(self.watched)

    def places(self) -> list[Place]:
        """Memory of the firmware, and of a chain outside of it: what a snapshot takes."""
        ffi, lib = edge_core.load()
        base, size = self.firmware.state_address, lib.sw_firmware_size()
        chain = int(ffi.cast("uintptr_t", self.firmware.state.chain.state))
        if not self._kept:
            return [(base, size, {"sw_firmware": 0, "sw_chain": chain - base})]
        numbas = getattr(self._kept[0], "nbytes", 0)
        outside: Place = (chain, numbas, {}) if numbas else (chain, lib.sw_chain_size(), {"sw_chain": 0})
        return [(base, size, {"sw_firmware": 0}), outside]

    def watch(self, watch: Watch) -> None:
        """Probes of the C chain see every frame from now on."""
        self.watched = watch
        watch.attach(self.firmware.state.chain.state)

    def _logged(self, base: ChainOps, log: FrameLog) -> ChainOps:
        """The same chain; log sees the output of every frame."""
        ffi, _ = edge_core.load()
        kind = ffi.typeof(ffi.new("sw_chain_ops *").step)
        base_step = ffi.cast(kind, base.step)

        def step(state: Any, samples: Any, t_us: int, flags: int, out: Any) -> None:
            base_step(state, samples, t_us, flags, out)
            log(out)

        callback = ffi.callback(kind, step)
        self._kept = (*self._kept, callback)
        return dataclasses.replace(base, step=int(ffi.cast("uintptr_t", callback)))

    def close(self) -> None:
        """Nothing outlives the memory."""


def radar_config(fields: Mapping[str, int]) -> RadarConfig:
    """The firmware's radar config, default but for these fields. Raises RigError."""
    try:
        return RadarConfig(**fields)
    except ConfigError as error:
        raise RigError(str(error)) from None


def chain_ops(chain: str) -> tuple[ChainOps, tuple[Any, ...]]:
    """A chain as addresses, and what must stay alive with it."""
    if chain == "numba":
        from edge import numba_core

        return numba_core.chain_ops()
    return c_chain()


def open_target(
    board: Board,
    target: str,
    chain: str,
    radar: RadarConfig,
    log: FrameLog | None = None,
    gdb_port: int | None = None,
    raw: RawRecorder | None = None,
) -> HostTarget | ProcessTarget:
    """The firmware in one of its homes, bound to the board. gdb_port: see Rig. Raises RigError or BoardFailed."""
    if target not in TARGETS or chain not in CORES:
        raise RigError(f"target {target}, core {chain}: expected one of {TARGETS} and one of {CORES}")
    if target == "host" and gdb_port is not None:
        raise RigError(f"target host: gdb is for {', '.join(homes.MACHINES)}; expected one of these")
    if target == "host":
        return HostTarget(board, radar, chain, log, raw)
    if chain != "c" or log is not None or raw is not None:
        raise RigError(f"target {target}: core {chain}, a log or a recording of frames is for target host alone")
    opened = homes.open_target(board, target, _built(target), gdb_port)
    try:
        opened.start(radar.words())
    except BaseException as error:  # Ctrl-C included
        opened.close()
        if isinstance(error, ValueError):
            raise RigError(str(error)) from None
        raise
    return opened


def _built(target: str) -> Path:
    try:
        return homes.build_program(target)
    except ValueError as error:
        raise RigError(str(error)) from None


def band_filter() -> BandFilter:
    """The device's own breathing band filter, for the truth."""
    ffi, lib = edge_core.load()
    step = lib.sw_band_filter_step

    def run(displacement_um: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
        state, out = ffi.new("sw_band_filter *"), ffi.new("int16_t *")
        lib.sw_band_filter_init(state)
        return np.array([out[0] for one in displacement_um.tolist() if step(state, one, out)], np.int16)

    return BandFilter(run, lib.SW_BAND_FILTER_DELAY_US / 1e6)


def watched(probes: Iterable[str] | Watch, on_frame: OnFrame | None, target: str, core: str) -> Watch | None:
    """The C chain in this process can be watched; elsewhere that is wrong only when somebody wants to."""
    try:
        watch = probes if isinstance(probes, Watch) else Watch(probes, on_frame)
    except ProbeError as error:
        raise RigError(str(error)) from None
    if (target, core) == ("host", "c"):
        return watch
    if watch.probes or on_frame is not None:
        raise RigError(f"target {target}, core {core}: probes are for target host and core c alone")
    return None


class Rig(Quanta):
    """A whole device at virtual time 0, with or without a host; run() and levers: see Quanta and Levers.

    scene: what is in front of the radar; or source: frames from elsewhere. seed: of the board's entropy.
    faults: of the board; chip: what its radar chip is like; play: faults by name, each with its times (FaultError).
    radar: fields of the firmware's radar config that differ from its default. t0_utc_us: true UTC at virtual time 0;
    rtc_valid: the clock chip already shows it (else its time is lost, as at delivery).
    paired: by the published key; else it heeds anybody, as no device does that somebody has bought.
    probes: names of edge.probes, or a Watch; on_frame: called with them after every frame, else probed() has all frames.
    raw: every frame goes into this file before the chain has it. flash_bytes: see Board.
    gdb_port: a target that is an image in QEMU waits for a gdb at this TCP port, and then as long as gdb wants it to.
    After run(): packets, last (the latest vitals), counts, board. Use it as a context manager.
    """

    def __init__(
        self,
        scene: Scene | None = None,
        *,
        source: SampleSource | None = None,
        seed: int = 1,
        target: str = "host",
        core: str = "c",
        radar: Mapping[str, int] | None = None,
        faults: Faults | None = None,
        chip: ChipOptions | None = None,
        log: FrameLog | None = None,
        t0_utc_us: int = 0,
        rtc_valid: bool = False,
        gdb_port: int | None = None,
        probes: Iterable[str] | Watch = (),
        on_frame: OnFrame | None = None,
        play: Iterable[Fault | str] = (),
        raw: RawRecorder | None = None,
        paired: bool = False,
        flash_bytes: int = FLASH_BYTES,
    ) -> None:
        self.scene, plan = scene, [] if scene is None else scene.faults
        plan += [parse(one) if isinstance(one, str) else one for one in play]
        faults, chip = at_power_on(plan, faults, chip)
        made: dict[str, Any] = {"seed": seed, "target": target, "core": core, "radar": dict(radar or {})}
        self.made_with = made | {"chip": chip, "flash_bytes": flash_bytes}
        nobody = [False] if source is None else []  # of somebody else's frames there is no truth
        in_zone = nobody if scene is None else scene.truth().person_in_zone.tolist()
        silence = Silence(in_zone, QUANTUM_US // TRUTH_HZ)
        board = furnished(Board(seed, faults, chip, flash_bytes), scene, t0_utc_us if rtc_valid else None)
        super().__init__(board, silence, LinkCounts(self._read, silence), t0_utc_us)
        self.board.load_flash(paired_flash(trust.test_device(seed)) if paired else open_flash())
        self.packets: list[Packet] = []
        self.decoders = self._from_device, self._from_host = codec.Decoder(), codec.Decoder()
        self._watch = watched(probes, on_frame, target, core)
        self.device = open_target(self.board, target, core, radar_config(radar or {}), log, gdb_port, raw)
        if self._watch is not None and isinstance(self.device, HostTarget):
            self.device.watch(self._watch)
        self._producer = FrameProducer(scene.frames) if scene is not None else None
        self.source: SampleSource = source or self._producer or NoSamples()
        self.faults.play(plan)

    def _collect(self) -> None:
        super()._collect()
        if self._watch is not None:
            self._watch.check()

    def probe(self, name: str) -> Array:
        """What a probe showed at the last frame. Raises RigError for one that was not asked for and is gone by now."""
        if self._watch is None or not isinstance(self.device, HostTarget):
            raise RigError(f"probe {name}: probes are for target host and core c alone")
        try:
            return self._watch.read(name, self.device.firmware.last_output)
        except ProbeError as error:
            raise RigError(str(error)) from None

    def probed(self) -> dict[str, Array]:
        """All frames of the probes, [frame, ...] by name."""
        return {} if self._watch is None else self._watch.arrays()

    def snapshot(self) -> bytes:
        """The whole board as it stands, to be restored in any process of the same build.

        Between two runs, or from a lever. Not in it: host, recorder, trace. Raises SnapshotError.
        """
        return snapshots.take(self, fingerprint(self.made_with["core"]))

    @classmethod
    def restore(
        cls, data: bytes, *, scene: Scene | None = None, source: SampleSource | None = None, **looking: Any
    ) -> Rig:
        """The rig that a snapshot was taken of, without host or recorder; as often as one likes.

        scene: the same one, when it is at hand; else it is made again. source: where frames come from after those that
        the chip had been lent. looking: log, probes, on_frame. Raises SnapshotError, one line, for a snapshot of another
        build or a damaged one.
        """
        core = snapshots.fingerprint_of(data).get("core", "")
        state = snapshots.unpack(data, fingerprint(core if core in CORES else "c"))
        made_with = state.made_with | {"chip": ChipOptions(**state.made_with["chip"])}
        rig = cls(snapshots.load_scene(state.scene, scene), source=source, **made_with, **looking)
        snapshots.put(rig, state)
        rig.packets = [Packet(*one) for one in state.packets]
        if isinstance(rig.device, HostTarget) and core == "c":  # who looked on before does not any more
            rig.device.watch(rig.device.watched or Watch())
        return rig

    def record(self, path: Path, metadata: Mapping[str, str]) -> Recorder:
        """From now on every byte between device and host goes into a recording too. Raises RecordingError."""
        recorder = Recorder(path, metadata)
        self.recorder = recorder
        return recorder

    def _start_again(self) -> None:
        """As the device, whoever overhears the host forgets what was half said."""
        super()._start_again()
        self._from_host = codec.Decoder()

    def _overhear(self, data: bytes) -> None:
        """Which answers the host has asked for."""
        for one in self._from_host.feed(data):
            if one.type in ANSWERS:
                self.counts.asked((ANSWERS[one.type], one.fields["nonce"]))
            elif one.type == packet.PULL:
                wanted = cast(tuple[int, int, int], tuple(one.fields[name] for name in ("boot", "seq", "count")))
                self.counts.pulled(self.board.now_us, *wanted)

    def _read(self, block: bytes) -> Seen | None:
        found = self._from_device.feed(block)
        if len(found) != 1:
            return None
        one = found[0]
        self.packets.append(one)
        if one.type in DATA_TYPES:
            resent = bool(one.flags & table.FLAG_RESENT)
            return Seen(Kind.DATA, one.boot, None, one.seq, one.payload, resent, one.type == packet.VITALS)
        if one.type == packet.HELLO and one.fields["host_nonce"] == 0:
            return Seen(Kind.ANNOUNCEMENT, one.boot)
        if one.type == packet.REFUSE:  # instead of any other answer
            return Seen(Kind.REPLY, one.boot, self.counts.open_question(one.fields["nonce"]))
        if one.type in ANSWERS.values():
            nonce = one.fields["host_nonce" if one.type == packet.HELLO else "nonce"]
            return Seen(Kind.REPLY, one.boot, (one.type, nonce))
        return Seen(Kind.OTHER, one.boot)

    @property
    def last(self) -> values.Vitals | None:
        """The latest vitals in physical units; None before the first."""
        return next((values.vitals(one) for one in reversed(self.packets) if one.type == packet.VITALS), None)

    @property
    def hello(self) -> Mapping[str, Any]:
        """Fields of the device's first HELLO; empty before it."""
        return next((one.fields for one in self.packets if one.type == packet.HELLO), {})


def fingerprint(core: str) -> dict[str, str]:
    """What must be the same for a snapshot to go on, by name."""
    ffi, lib = edge_core.load()
    found = {"core": core, "firmware": ffi.string(lib.SW_SOURCE_HASH).decode(), **snapshots.board_fingerprint()}
    blocks = sorted((homes.ROOT / "edge" / "blocks").glob("*.py")) if core == "numba" else []
    return found | {f"block {path.stem}": hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in blocks}


def run_night(scenario: str | Path, **options: Any) -> NightResult:
    """See night_run.run."""
    from hw_sim import night_run

    return night_run.run(scenario, **options)


def run_process(
    adc: Path, radar: Path | None, *, core: str = "c", faults: Faults | None = None, probes: Watch | None = None
) -> dict[str, Any]:
    """See process_run.process. Raises RecordingError, RigError."""
    from hw_sim.recording import load_recording

    return process_recording(load_recording(adc, radar), core=core, faults=faults, probes=probes)


def process_recording(
    recording: Recording, *, core: str = "c", faults: Faults | None = None, probes: Watch | None = None
) -> dict[str, Any]:
    """As run_process, of a recording in memory."""
    from hw_sim import process_run

    reasons = tuple(values.reason_text(number) for number in range(len(table.Reason)))
    return process_run.process(recording, core, reasons, faults, probes)


def run_board(**options: Any) -> dict[str, Any]:
    """See board_run.run."""
    from hw_sim import board_run

    return board_run.run(**options)
