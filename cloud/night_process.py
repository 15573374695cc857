"""The core with its decoder and its writer: bytes of the line in, bytes for it out, rows to the store.

Rule: commit, then acknowledge. No port and no clock in here: time comes with each tick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from cloud import core, ingest, memory, session
from cloud.device import Settings
from cloud.observations import Incident
from cloud.store import Store, StoreError
from cloud.writer import Writer
from wire import codec, older, seeed, trust
from wire.handshake import Entropy


class Cloud:
    """The core, its decoder and its writer: bytes in, bytes out."""

    def __init__(
        self,
        writer: Writer | Store,
        entropy: Entropy,
        source: str,
        settings: Settings | None = None,
        more: Mapping[str, str] | None = None,
        knows_time: Callable[[], bool] = lambda: True,
        questions: core.Questions | None = None,
        keyring: trust.Keyring = trust.ANYBODY,
    ) -> None:
        """more: kept in the store's meta, too. knows_time: the ticks' time may be told to the device.

        questions: of a replay, those of then. keyring: whose packets count.
        """
        self._knows_time = knows_time
        self.writer = writer if isinstance(writer, Writer) else Writer(writer, every_us=0)
        self._decoder = older.Decoder() if keyring.believes else codec.Decoder()
        self._state = core.State(entropy, settings or Settings(), questions=questions or core.Own(), keyring=keyring)
        restore(self._state, self.writer.store)
        self._meta = {
            **(more or {}),
            "source": source,
            "settings": msgspec.json.encode(settings or Settings()).decode(),
        }

    def receive(self, chunk: bytes) -> None:
        """Bytes from the device, in any cut."""
        for packet in self._decoder.feed(chunk):
            core.step(self._state, packet)

    def tick(self, utc_us: int) -> bytes:
        """What is due now, and a commit when one is; returns the bytes for the device. Raises StoreError."""
        self._state.knows_time = self._knows_time()
        rows, send = core.step(self._state, core.Tick(utc_us))
        self.writer.take(rows)
        urgent = self._state.memory.urgent or self._state.pressing or core.late_from(self._state) is not None
        if self.writer.due(rows, utc_us, urgent) and self._commit():
            send += core.acknowledge(self._state)
            self._conclude_again()
        return send

    def _conclude_again(self, *, now: bool = False) -> None:
        """What came late, when it is time for it and all of it is stored."""
        from_utc_us = core.late_from(self._state, now=now)
        if from_utc_us is not None:
            try:
                packets = self.writer.store.packets_since(from_utc_us)
            except StoreError as error:
                if error.damaged or not self.writer.patient:
                    raise
                return  # the next commit tries it again
            core.conclude_again(self._state, packets)

    def note(self, incident: Incident) -> None:
        """Something that befell this process or its line."""
        self.writer.take([incident])

    def relink(self) -> None:
        """The port was opened anew."""
        self._decoder.feed(b"\0")  # what was half said is over
        core.relink(self._state)

    @property
    def line(self) -> codec.Counters | seeed.Counters:
        """What became of the blocks of the line."""
        return self._decoder.counters

    @property
    def linked(self) -> bool:
        """The device has answered this host."""
        return self._state.link.device is not None

    @property
    def trouble(self) -> str:
        """Why there is no link although something answers; empty when there is one, or nothing answers."""
        return "" if self.linked or self._state.trouble is None else self._state.trouble.value

    @property
    def somebody_in_bed(self) -> bool:
        """A session is open."""
        return self._state.memory.seconds.tracker.state in session.OPEN

    def leave(self, utc_us: int) -> None:
        """The last tick of a process whose night goes on. Raises StoreError."""
        self._state.memory.keep = True
        rows, _ = core.step(self._state, core.Tick(utc_us))
        self.writer.take(rows)
        self._commit()

    def finish(self) -> None:
        """The night is over: commit what was still waiting to settle. Raises StoreError."""
        if self._state.utc_us:
            self._state.memory.keep = True
            self.writer.take(core.catch_up(self._state))
            if core.late_from(self._state, now=True) is not None and self._commit():
                self._conclude_again(now=True)
            self.writer.take(core.finish(self._state))
            self._commit()

    def _commit(self) -> bool:
        if self._state.memory.keep:
            self._meta["line"] = msgspec.json.encode(self.line).decode()
        self._meta["settings"] = msgspec.json.encode(self._state.settings).decode()
        self._meta |= memory.encode(self._state.memory)
        return self.writer.commit(self._state.utc_us, self._meta)


def restore(state: core.State, store: Store) -> None:
    """The state of an earlier process on the same store; nothing of a new one. Raises StoreError."""
    meta = store.meta()
    if "memory.seconds" not in meta:
        return
    clocks = {anchor.boot: anchor.utc_us - anchor.t_us for anchor in store.anchors()}
    try:
        kept = memory.decode(meta)
        boots = [ingest.restored(row, store.stored(row), clocks.get(row.boot)) for row in store.boots()]
        core.restore(state, boots, store.gaps(), store.packets_since(core.unsettled_from(kept)), kept)
    except (msgspec.MsgspecError, ValueError, KeyError, RecursionError) as error:
        raise StoreError(f"{store.path}: what it holds makes no sense: {error}", damaged=True) from error
