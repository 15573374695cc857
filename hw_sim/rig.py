"""Ties scene, board, firmware and host process together in lock-step; the simulator's one door to the product.

Rule: quanta of virtual time. In each the host's bytes go in, the board runs, the device's bytes come out; what the
host answers goes in at the next quantum. The same seed gives the same bytes at any speed and on any load.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from edge import core as edge_core
from edge.config import ConfigError, RadarConfig
from edge.firmware import ALIGN, ChainOps, Firmware, make_hal
from hw_sim.board import Board, BoardFailed, Faults, NoSamples, SampleSource, hal_addresses
from hw_sim.levers import QUANTUM_US, Host, Levers
from hw_sim.link_counts import Kind, LinkCounts, Seen, Silence
from hw_sim.night_truth import TRUTH_HZ, BandFilter
from hw_sim.producer import FrameProducer
from hw_sim.scene import Scene
from hw_sim.target import ProcessTarget, arm_target, posix_target
from wire import codec, packet, table, values
from wire.packet import Packet
from wire.recording import Recorder

if TYPE_CHECKING:
    from hw_sim.night_run import NightResult
    from hw_sim.recording import Recording

ROOT = Path(__file__).resolve().parent.parent
TARGETS = ("host", "posix", "arm", "sanitized", "overflow", "unguarded")
CORES = ("c", "numba")
DATA_TYPES = (packet.VITALS, packet.TRANSITION, packet.ALARM_EVENT)
ANSWERS = {
    packet.HOST_HELLO: packet.HELLO,
    packet.PING: packet.PONG,
    **dict.fromkeys((packet.ALARM_SET, packet.ALARM_CANCEL, packet.ALARM_READ, packet.RING), packet.ALARM_STATE),
    **dict.fromkeys((packet.SETTINGS_SET, packet.SETTINGS_READ), packet.SETTINGS),
}
"""Question -> the packet that answers it, with the question's nonce."""

FrameLog = Callable[[Any], None]
"""Called with the chain's output struct after every frame, valid during the call."""


class RigError(RuntimeError):
    """The rig cannot be put together; one line that says what is missing or wrong."""


class HostTarget:
    """The firmware inside this process, bound to the board by address. Raises RigError, FirmwareError."""

    def __init__(self, board: Board, radar: RadarConfig, chain: str, log: FrameLog | None = None) -> None:
        self._kept: tuple[Any, ...] = ()
        ops: ChainOps | None = None
        if chain != "c" or log is not None:
            ops, self._kept = chain_ops(chain)
        if ops is not None and log is not None:
            ops = self._logged(ops, log)
        self._parts = board, radar, ops
        try:
            self.restart()
        except ConfigError as error:
            raise RigError(str(error)) from None

    def restart(self) -> None:
        """A fresh firmware in fresh memory."""
        board, radar, ops = self._parts
        self.firmware = Firmware(make_hal(hal_addresses(), board.context), radar, ops)
        board.bind_device(self.firmware.step_address, self.firmware.state_address)

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
    ffi, lib = edge_core.load()
    memory = ffi.new("char[]", lib.sw_chain_size() + ALIGN)
    base = int(ffi.cast("uintptr_t", memory))
    names = ("init", "step", "place")
    init, step, place = (int(ffi.cast("uintptr_t", ffi.addressof(lib, f"sw_chain_{name}"))) for name in names)
    return ChainOps(base + -base % ALIGN, init, step, lib.sw_chain_parameters_hash(), place), (memory,)


def open_target(
    board: Board, target: str, chain: str, radar: RadarConfig, log: FrameLog | None = None
) -> HostTarget | ProcessTarget:
    """The firmware in one of its homes, bound to the board. Raises RigError or BoardFailed."""
    if target not in TARGETS or chain not in CORES:
        raise RigError(f"target {target}, core {chain}: expected one of {TARGETS} and one of {CORES}")
    if target == "host":
        return HostTarget(board, radar, chain, log)
    if chain != "c" or log is not None:
        raise RigError(f"target {target}: core {chain} or a log of frames is for target host alone")
    opened = (arm_target if target == "arm" else posix_target)(board, built_program(target))
    try:
        opened.start(radar.words())
    except (ValueError, BoardFailed) as error:
        opened.close()
        raise error if isinstance(error, BoardFailed) else RigError(str(error)) from None
    return opened


def built_program(target: str) -> Path:
    """The target's program, built when it is older than its sources. Raises RigError."""
    script = ROOT / "native" / "targets" / "build.py"
    done = subprocess.run([sys.executable, str(script), target], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RigError(done.stderr.strip() or f"target {target} cannot be built")
    return Path(done.stdout.strip())


def band_filter() -> BandFilter:
    """The device's own breathing band filter, for the truth."""
    ffi, lib = edge_core.load()
    step = lib.sw_band_filter_step

    def run(displacement_um: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
        state, out = ffi.new("sw_band_filter *"), ffi.new("int16_t *")
        lib.sw_band_filter_init(state)
        return np.array([out[0] for one in displacement_um.tolist() if step(state, one, out)], np.int16)

    return BandFilter(run, lib.SW_BAND_FILTER_DELAY_US / 1e6)


class Rig(Levers):
    """A whole device at virtual time 0, with or without a host; levers: see there.

    scene: what is in front of the radar; or source: frames from elsewhere. seed: of the board's entropy.
    radar: fields of the firmware's radar config that differ from its default. t0_utc_us: true UTC at virtual time 0;
    rtc_valid: the clock chip already shows it (else its time is lost, as at delivery).
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
        log: FrameLog | None = None,
        t0_utc_us: int = 0,
        rtc_valid: bool = False,
    ) -> None:
        self.scene = scene
        nobody = [False] if source is None else []  # of somebody else's frames there is no truth
        in_zone = nobody if scene is None else scene.truth().person_in_zone.tolist()
        silence = Silence(in_zone, QUANTUM_US // TRUTH_HZ)
        super().__init__(Board(seed, faults), silence, LinkCounts(self._read, silence))
        if rtc_valid:
            self.board.rtc_set(t0_utc_us)
        self.packets: list[Packet] = []
        self.host: Host | None = None
        self.recorder: Recorder | None = None
        self.t0_utc_us = t0_utc_us
        self._from_device = codec.Decoder()
        self._from_host = codec.Decoder()
        self.device = open_target(self.board, target, core, radar_config(radar or {}), log)
        self._producer = FrameProducer(scene.frames) if scene is not None else None
        self.source: SampleSource = source or self._producer or NoSamples()

    def __enter__(self) -> Rig:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends worker, target and recording."""
        if self.recorder is not None:
            self.recorder.close()
        if self._producer is not None:
            self._producer.close()
        self.device.close()

    def attach(self, host: Host, t0_utc_us: int | None = None) -> None:
        """A host at the other end of the line, from now on. t0_utc_us: true UTC at virtual time 0, unless known.

        The first exchange carries no bytes: it proves that the host is there.
        """
        self.host = host
        self.t0_utc_us = self.t0_utc_us if t0_utc_us is None else t0_utc_us
        self._exchange(host, self.t0_utc_us + self.board.now_us)

    def record(self, path: Path, metadata: Mapping[str, str]) -> Recorder:
        """From now on every byte between device and host goes into a recording too. Raises RecordingError."""
        self.recorder = Recorder(path, metadata)
        return self.recorder

    def send(self, data: bytes) -> None:
        """Bytes for the device, at the next quantum; lost when the line is cut."""
        if self.line_cut:
            return
        self._to_device += data
        for one in self._from_host.feed(data):
            if one.type in ANSWERS:
                self.counts.asked((ANSWERS[one.type], one.fields["nonce"]))
            elif one.type == packet.PULL:
                wanted = cast(tuple[int, int, int], tuple(one.fields[name] for name in ("boot", "seq", "count")))
                self.counts.pulled(self.board.now_us, *wanted)

    def run(
        self,
        seconds: float,
        progress: Callable[[float], None] | None = None,
        pace: Callable[[float], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        """Virtual time goes on. progress, pace: called with the virtual time, s, after every quantum.

        stop: asked whenever the chip wants samples; ends the run before its time.
        Raises BoardFailed or the host's error; what was received up to then stays.
        """
        end_us = self.board.now_us + round(seconds * 1e6)
        while self.board.now_us < end_us:
            whole = self._quantum(min(self._next_exchange_us(), end_us), stop)
            for tell in (progress, pace):
                if tell is not None:
                    tell(self.board.now_us / 1e6)
            if not whole:
                return

    def _quantum(self, until_us: int, stop: Callable[[], bool] | None) -> bool:
        """False when stop ended it."""
        self._pull_due()
        waiting = b"" if self.line_cut else self._to_device
        self._to_device = waiting[self.board.give(waiting) :]
        whole = True
        while whole and self.board.now_us < until_us:
            lever_us = self._next_lever_us()
            whole = self.board.run(until_us if lever_us is None else min(until_us, lever_us), self.source, stop)
            self._collect()
            if self.board.now_us < until_us:
                self._pull_due()
        if self.host is not None:
            self._exchange(self.host, self.t0_utc_us + until_us)
        return whole

    def _collect(self) -> None:
        """What the device has put on the line since the last time."""
        sent, at = self.board.take(), 0
        for t_us, n in sent.marks:
            piece = sent.data[at : at + n]
            self.counts.write(t_us, piece)
            if self.recorder is not None and not self.line_cut:
                self.recorder.from_device(self.t0_utc_us + t_us, piece)
            at += n
        if self._host_hears():
            self._heard += sent.data

    def _exchange(self, host: Host, utc_us: int) -> None:
        """The end of a quantum: the host hears what was sent, and answers."""
        heard, self._heard = self._heard, b""
        answer = host.exchange(utc_us, heard)
        if self.recorder is not None:
            self.recorder.tick(utc_us)
            if not self.line_cut:
                self.recorder.to_device(utc_us, answer)
        self.send(answer)

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

    def edge_counters(self) -> dict[str, int]:
        """The `edge` object of a report: what the board and an observer of the line counted."""
        chip, counts, now_us = self.board.chip.counters(), self.counts, self.board.now_us
        standby_s, streaming_s = round(self.standby_us() / 1e6), round(counts.streaming_us / 1e6)
        return {
            "frames": chip.frames_from_ring,
            "spi_bytes": chip.fifo_burst_bytes,
            "streaming_s": streaming_s,
            "monitoring_s": max(0, round(now_us / 1e6) - streaming_s - standby_s),
            "standby_s": standby_s,
            "bytes_on_wire": counts.bytes_on_wire,
            "bytes_unsolicited_while_silent": counts.bytes_unsolicited_while_silent,
            "bytes_at_boot": counts.bytes_at_boot,
            "bytes_replied": counts.bytes_replied,
            "overflows": chip.overflows,
        }

    def link_counters(self) -> dict[str, Any]:
        """The `link` object of a report, as far as the sender's end knows it."""
        counts = self.counts
        return {"packets_sent": counts.packets_sent, "digest": counts.digest, "data_digest": counts.data_digest}


def check_scenario(scenario: str | Path) -> None:
    """Raises SceneError, one line, for a scenario that cannot be used."""
    Scene.load(scenario, seed=1, duration_s=60.0)


def run_night(scenario: str | Path, **options: Any) -> NightResult:
    """See night_run.run."""
    from hw_sim import night_run

    return night_run.run(scenario, **options)


def run_process(adc: Path, radar: Path, *, core: str = "c", faults: Faults | None = None) -> dict[str, Any]:
    """See process_run.process. Raises RecordingError, RigError."""
    from hw_sim.recording import load_recording

    return process_recording(load_recording(adc, radar), core=core, faults=faults)


def process_recording(recording: Recording, *, core: str = "c", faults: Faults | None = None) -> dict[str, Any]:
    """As run_process, of a recording in memory."""
    from hw_sim import process_run

    reasons = tuple(values.reason_text(number) for number in range(len(table.Reason)))
    return process_run.process(recording, core, reasons, faults)


def run_board(
    *,
    pty: Path | None,
    ready: Callable[[dict[str, Any]], None],
    scenario: str | Path = "single",
    seed: int = 1,
    core: str = "c",
    rt: bool = True,
    seconds: float | None = None,
) -> dict[str, Any]:
    """See board_run.run. rt changes nothing: a port that anybody may open is always in real time."""
    from hw_sim import board_run

    return board_run.run(pty=pty, scenario=scenario, seed=seed, core=core, seconds=seconds, ready=ready)
