"""What an observer of the serial line counts, against the scene's truth and never the device's own state.

Rule: every byte is counted once: at boot, as a reply, or as sent unasked; unasked bytes in a silence are
counted again on their own. What is no whole packet counts as sent unasked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

BOOT_ANNOUNCEMENTS = 3
BOOT_WINDOW_US = 10_000_000
GRACE_US = 30_000_000
STREAM_GAP_US = 2_500_000
"""Data packets closer than this are one streaming span; one comes about every second."""
PACKET_US = 1_000_000


class Kind(Enum):
    """What a packet is to an observer of the line."""

    ANNOUNCEMENT = "announcement"
    REPLY = "reply"
    DATA = "data"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Seen:
    """One packet. number: (boot, seq) of a data packet; payload: its bytes.

    streams: it is one of the regular packets of a streaming device. late: it comes again, or comes out of its turn.
    """

    kind: Kind
    number: tuple[int, int] = (0, 0)
    payload: bytes = b""
    streams: bool = False
    late: bool = False


Read = Callable[[bytes], Seen | None]
"""One block of the line, delimiter included -> what it is; None when it is no intact packet."""


@dataclass
class LinkCounts:
    """Counts over one run. silent: t_us -> truth says that nobody is to be reported at this time."""

    read: Read
    silent: Callable[[int], bool]
    bytes_on_wire: int = 0
    bytes_at_boot: int = 0
    bytes_replied: int = 0
    bytes_unsolicited: int = 0
    bytes_unsolicited_while_silent: int = 0
    packets_sent: int = 0
    announcements: int = 0
    open_requests: int = 0
    open_pulls: set[tuple[int, int]] = field(default_factory=set)
    streaming_us: int = 0
    first_unsolicited_while_silent_us: int | None = None
    _held: bytes = b""
    _last_stream_us: int | None = None
    _data_by_boot: dict[int, dict[int, list[bytes]]] = field(default_factory=dict)
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def write(self, t_us: int, data: bytes) -> None:
        """One write of the device at virtual time t_us."""
        self._digest.update(data)
        self.bytes_on_wire += len(data)
        *blocks, self._held = (self._held + data).split(b"\0")
        for block in blocks:
            self._block(t_us, block + b"\0")

    def asked(self, n: int) -> None:
        """The host sent n requests that want a reply; a reply to nothing counts as sent unasked."""
        self.open_requests += n

    def pulled(self, numbers: set[tuple[int, int]]) -> None:
        """The host asked for these data packets, and no longer for those it asked for before; each counts once."""
        self.open_pulls = set(numbers)

    def _block(self, t_us: int, block: bytes) -> None:
        seen = self.read(block)
        if seen is not None and seen.kind is Kind.REPLY and self.open_requests > 0:
            self.open_requests -= 1
            self.bytes_replied += len(block)
            return
        if seen is not None and seen.kind is Kind.ANNOUNCEMENT:
            self.announcements += 1
            if self.announcements <= BOOT_ANNOUNCEMENTS and t_us <= BOOT_WINDOW_US:
                self.bytes_at_boot += len(block)
                return
        if seen is not None and seen.kind is Kind.DATA:
            self._data(t_us, seen)
            if seen.late and seen.number in self.open_pulls:
                self.open_pulls.remove(seen.number)
                self.bytes_replied += len(block)
                return
        self._unsolicited(t_us, len(block))

    def _unsolicited(self, t_us: int, n: int) -> None:
        self.bytes_unsolicited += n
        if self.silent(t_us):
            self.bytes_unsolicited_while_silent += n
            if self.first_unsolicited_while_silent_us is None:
                self.first_unsolicited_while_silent_us = t_us

    def _data(self, t_us: int, seen: Seen) -> None:
        boot, seq = seen.number
        payloads = self._data_by_boot.setdefault(boot, {}).setdefault(seq, [])
        if seen.payload not in payloads:  # a second payload under one number would be a fault, and is another packet
            payloads.append(seen.payload)
            self.packets_sent += 1
        if seen.streams:
            last = self._last_stream_us
            near = last is not None and t_us - last <= STREAM_GAP_US
            self.streaming_us += t_us - last if near and last is not None else PACKET_US
            self._last_stream_us = t_us

    def finish(self, t_us: int) -> None:
        """The end of the run: a packet cut short counts as sent unasked."""
        if self._held:
            self._unsolicited(t_us, len(self._held))
            self._held = b""

    @property
    def digest(self) -> str:
        """SHA-256 of all bytes the device sent, hex."""
        return self._digest.hexdigest()

    @property
    def data_digest(self) -> str:
        """SHA-256 of the unique data packets (boot, seq, payload), boots as they came, by number, hex."""
        digest = hashlib.sha256()
        for boot, by_seq in self._data_by_boot.items():
            for seq in sorted(by_seq):
                for payload in by_seq[seq]:
                    digest.update(boot.to_bytes(4, "little") + seq.to_bytes(4, "little") + payload)
        return digest.hexdigest()


class Silence:
    """Truth about silence: nobody in the zone from 30 s after the last one left, or the standby switch is on.

    person_in_zone: bool[step], one per step_us from time 0; after its end its last value holds.
    """

    def __init__(self, person_in_zone: list[bool], step_us: int) -> None:
        self._step_us = step_us
        self._last_seen_us: list[int | None] = []
        last: int | None = None
        for index, inside in enumerate(person_in_zone):
            if inside:
                last = (index + 1) * step_us
            self._last_seen_us.append(last)
        self.standby_since_us: int | None = None

    def __call__(self, t_us: int) -> bool:
        """True when a byte sent at t_us answers nobody's presence. The packet at the very switching says why."""
        if self.standby_since_us is not None and t_us > self.standby_since_us:
            return True
        if not self._last_seen_us:
            return False
        last = self._last_seen_us[min(t_us // self._step_us, len(self._last_seen_us) - 1)]
        return last is None or t_us > last + GRACE_US
