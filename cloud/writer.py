"""When the night's rows go to the disk: gathered for a while, so that an SD card lasts.

Rule: commit, then acknowledge. What is gathered is not acknowledged, and the device keeps it. A store that cannot be
written is tried again; until then nothing is acknowledged, and nothing is forgotten but what the bound says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cloud.observations import AlarmEvent, DataPacket, Incident, Ring, Row, Setting
from cloud.store import Store, StoreError

#: Three commits a minute: each second instead would be seven times as much to write (bench/store_writes.py).
COMMIT_EVERY_US = 20_000_000
#: Rows of a night and more; with them in memory a disk that stays full costs the process its life, later.
GATHERED_MAX = 100_000
#: So many packets are no live stream: the device is handing over what it kept, and waits for the ACK.
BULK = 32
#: What must not wait.
URGENT = (Ring, Setting, AlarmEvent)
FULL = "store could not be written"


class GatheredTooMuch(Exception):
    """The store could not be written for so long that nothing more can be gathered."""


@dataclass
class Writer:
    """Rows between the core and the store. patient: a store that cannot be written is told of by say, not raised."""

    store: Store
    every_us: int = COMMIT_EVERY_US
    patient: bool = False
    say: Callable[[str], None] = lambda line: None
    rows: list[Row] = field(default_factory=list)
    written_utc_us: int | None = None
    failing_since_us: int | None = None
    why: str = ""

    def take(self, rows: list[Row]) -> None:
        """Rows that wait for the next commit. Raises GatheredTooMuch."""
        self.rows += rows
        if len(self.rows) > GATHERED_MAX:
            raise GatheredTooMuch

    def due(self, new: list[Row], utc_us: int, urgent: bool) -> bool:
        """It is time to commit. new: the rows of this tick; urgent: something else must not wait."""
        last = self.written_utc_us
        if last is None or not 0 <= utc_us - last < self.every_us:
            return True
        if self.failing_since_us is not None:
            return False
        bulk = sum(isinstance(one, DataPacket) for one in self.rows) >= BULK
        return bulk or urgent or any(isinstance(one, URGENT) for one in new)

    def commit(self, utc_us: int, meta: Mapping[str, str]) -> bool:
        """Everything gathered, as one transaction. Returns False when the store could not be written; raises StoreError
        when it is damaged, or when nobody wants to be patient."""
        self.written_utc_us = utc_us
        try:
            self.store.commit(self.rows, utc_us, meta)
        except StoreError as error:
            if not self.patient or error.damaged:
                raise
            self._failed(error, utc_us)
            return False
        self.rows.clear()
        if self.failing_since_us is not None:
            self._recovered(utc_us)
        return True

    def _failed(self, error: StoreError, utc_us: int) -> None:
        if self.failing_since_us is None:
            self.failing_since_us, self.why = utc_us, error.why
            self.say(f"{error}; nothing is acknowledged until it can be")

    def _recovered(self, utc_us: int) -> None:
        since_us, self.failing_since_us = self.failing_since_us, None
        assert since_us is not None
        self.say(f"{self.store.path}: can be written again, after {(utc_us - since_us) // 1_000_000} s")
        self.rows.append(Incident(since_us, FULL, utc_us, self.why))
