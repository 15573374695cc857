"""How a rig's virtual time goes on: quantum by quantum, in lock-step with the host at the other end of the line.

Rule: in each quantum the host's bytes go in, the board runs, the device's bytes come out; what the host answers goes
in at the next quantum. What the bytes mean is not known here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

from hw_sim.board import Board, SampleSource
from hw_sim.fault_player import Span
from hw_sim.faults import FaultError
from hw_sim.levers import Host, Levers
from hw_sim.line_faults import TO_DEVICE, TO_HOST
from hw_sim.link_counts import LinkCounts, Silence
from hw_sim.producer import FrameProducer


class LineRecorder(Protocol):
    """Keeps what passes on the line, times in UTC, us."""

    def from_device(self, utc_us: int, data: bytes) -> None: ...
    def to_device(self, utc_us: int, data: bytes) -> None: ...
    def tick(self, utc_us: int) -> None: ...
    def close(self) -> None: ...


class Quanta(Levers, ABC):
    """A board in lock-step with a host. board, silence, counts: see Levers. t0_utc_us: true UTC at virtual time 0."""

    source: SampleSource

    def __init__(self, board: Board, silence: Silence, counts: LinkCounts, t0_utc_us: int) -> None:
        super().__init__(board, silence, counts)
        self.t0_utc_us = t0_utc_us
        self.host: Host | None = None
        self.recorder: LineRecorder | None = None
        self._producer: FrameProducer | None = None
        board.on_reset = self._was_reset

    def _was_reset(self) -> None:
        """Watchdog or supply have ended the device's life: what it had said belongs to that one."""
        self._collect()
        self._start_again()

    @abstractmethod
    def _overhear(self, data: bytes) -> None:
        """Bytes that are on their way to the device."""

    def scene_faults(self, spans: Sequence[Span]) -> None:
        """The scene takes them; what was made ahead without them is made again. Raises FaultError without a scene."""
        scene: Any = getattr(self, "scene", None)
        if scene is None:
            raise FaultError("a fault of the scene: here are only samples")
        scene.play(spans)
        if self._producer is not None:
            self._producer.forget()
        self.board.chip.forget_samples()

    def __enter__(self) -> Self:
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

    def send(self, data: bytes) -> None:
        """Bytes for the device, at the next quantum; lost when the line is cut."""
        if self.line_cut:
            return
        arrives = self.line.carry(TO_DEVICE, data)
        self._to_device += arrives
        self._overhear(arrives)

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
            arrives = self.line.carry(TO_HOST, piece)
            if self.recorder is not None and not self.line_cut and arrives:
                self.recorder.from_device(self.t0_utc_us + t_us, arrives)
            at += n
            if self._host_hears():
                self._heard += arrives

    def _exchange(self, host: Host, utc_us: int) -> None:
        """The end of a quantum: the host hears what was sent, and answers."""
        heard, self._heard = self._heard, b""
        answer = host.exchange(utc_us, heard)
        if self.recorder is not None:
            self.recorder.tick(utc_us)
            self.recorder.to_device(utc_us, answer)  # as the host's port has it: a cut line takes it, too
        self.send(answer)

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
