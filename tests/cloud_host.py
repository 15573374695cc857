"""The real cloud at the end of a rig's line, called in this process, on a store in a file.

Rule: it says by itself what a night's process says; a test may add orders, sealed as its own. While the line is cut all
bytes of either side are lost, and the cloud goes on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cloud.app import seeded
from cloud.device import Settings
from cloud.night_process import Cloud
from cloud.store import Store
from cloud.writer import Writer
from wire import codec, handshake, packet, table, trust
from wire.packet import Packet

SECOND_US = 1_000_000


def filled(kind: int, fields: Mapping[str, int]) -> bytes:
    """A packet on the line; fields that are not named are 0."""
    names = (field.name for field in table.LAYOUTS[kind].fields)
    return codec.encode(packet.make(kind, {name: fields.get(name, 0) for name in names}))


class CloudHost:
    """See hw_sim.levers.Host. cut: spans of seconds since t0 in which the line is cut.

    orders: (second, type, fields) that the host says besides. heard: every packet that arrived, in order.
    """

    def __init__(
        self,
        db: Path,
        t0_utc_us: int,
        settings: Settings | None = None,
        *,
        cut: Sequence[tuple[int, int]] = (),
        orders: Sequence[tuple[int, int, Mapping[str, int]]] = (),
    ) -> None:
        self.db, self.heard = db, list[Packet]()
        self._t0_utc_us, self._cut, self._orders = t0_utc_us, cut, orders
        self._store = Store(db, durable=False)
        self.cloud = Cloud(
            Writer(self._store), seeded(1), "simulated", settings or Settings(), keyring=trust.EMULATED
        )  # fmt: skip
        self._decoder = codec.Decoder()

    def exchange(self, utc_us: int, data: bytes) -> bytes:
        """The end of a quantum."""
        second = (utc_us - self._t0_utc_us) // SECOND_US
        is_cut = any(first <= second < last for first, last in self._cut)
        if is_cut:
            data = b""
        self.heard += self._decoder.feed(data)
        self.cloud.receive(data)
        said = self.cloud.tick(utc_us)
        state = self.cloud._state
        for at, kind, fields in self._orders:
            if at == second:
                state.link, sealed = handshake.seal(state.link, filled(kind, fields))
                said += sealed
        return b"" if is_cut else said

    def finish(self) -> None:
        """The end of the night."""
        self.cloud.finish()
        self._store.close()


def rows(db: Path, sql: str) -> list[tuple[Any, ...]]:
    """What a finished store answers."""
    file = sqlite3.connect(db)
    try:
        return file.execute(sql).fetchall()
    finally:
        file.close()
