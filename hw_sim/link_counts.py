"""What an observer of the serial line counts, against the scene's truth and never the device's own state.

Rule: every byte is counted once: at boot, as a reply, or as sent unasked; unasked bytes in a silence are
counted again on their own. What is no whole packet counts as sent unasked. A question pays for its own answer,
once; a pull pays for as many stored packets as it asked for, within half a minute.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from enum import Enum

BOOT_ANNOUNCEMENTS = 3
BOOT_WINDOW_US = 10_000_000
GRACE_US = 30_000_000
STREAM_GAP_US = 2_500_000
"""Data packets closer than this are one streaming span; one comes about every second."""
PACKET_US = 1_000_000
PULLS = 8
"""So many pulls count; an older one is forgotten."""
PULL_US = 30_000_000
"""So long after a pull its packets count as its answer."""


class Kind(Enum):
    """What a packet is to an observer of the line."""

    ANNOUNCEMENT = "announcement"
    REPLY = "reply"
    DATA = "data"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Seen:
    """One packet. boot: of the device, 0 unknown. answers: the question a reply belongs to.

    Of data: seq; payload; resent: it says that it was sent before; streams: a regular packet of a streaming device.
    """

    kind: Kind
    boot: int = 0
    answers: Hashable = None
    seq: int = 0
    payload: bytes = b""
    resent: bool = False
    streams: bool = False


@dataclass(frozen=True, slots=True)
class Pull:
    """The host wants up to n stored packets of a boot from seq on, until until_us."""

    boot: int
    seq: int
    n: int
    until_us: int

    def pays_for(self, seen: Seen, t_us: int) -> bool:
        wanted = seen.boot == self.boot and seen.seq >= self.seq
        return wanted and seen.resent and self.n > 0 and t_us <= self.until_us


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
    contradictions: int = 0
    """Data packets that came again with another content."""
    announcements: int = 0
    streaming_us: int = 0
    first_unsolicited_while_silent_us: int | None = None
    _power_on_us: int = 0
    _held: bytes = b""
    _last_stream_us: int | None = None
    _open: Counter[Hashable] = field(default_factory=Counter)
    _pulls: list[Pull] = field(default_factory=list)  # the last PULLS, oldest first
    _packets: dict[int, dict[int, bytes]] = field(default_factory=dict)  # boot, in the order heard: seq: payload
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    _sent: bytearray = field(default_factory=bytearray)  # all of it: a snapshot cannot keep a running digest

    def write(self, t_us: int, data: bytes) -> None:
        """One write of the device at virtual time t_us."""
        self._digest.update(data)
        self._sent += data
        self.bytes_on_wire += len(data)
        *blocks, self._held = (self._held + data).split(b"\0")
        for block in blocks:
            self._block(t_us, block + b"\0")

    def asked(self, question: Hashable) -> None:
        """The host sent a question that wants one reply; a reply to nothing counts as sent unasked."""
        self._open[question] += 1

    def open_question(self, nonce: object) -> Hashable:
        """The one of this nonce that waits for its reply; None: there is none. Questions are (type of the reply, nonce)."""
        waiting = (one for one, n in self._open.items() if n and isinstance(one, tuple) and one[1] == nonce)
        return next(waiting, None)

    def pulled(self, t_us: int, boot: int, seq: int, n: int) -> None:
        """The host wants stored packets, beside what it has asked for before."""
        self._pulls = [*self._pulls, Pull(boot, seq, n, t_us + PULL_US)][-PULLS:]

    def power_on(self, t_us: int) -> None:
        """The device starts again: it announces itself anew, and knows nothing of what it was asked before."""
        self._power_on_us = t_us
        self.announcements = 0
        self._open.clear()
        self._pulls = []

    def _block(self, t_us: int, block: bytes) -> None:
        seen = self.read(block)
        if seen is not None and seen.boot:
            self._packets.setdefault(seen.boot, {})
        if seen is not None and seen.kind is Kind.DATA:
            self._data(t_us, seen)
        if seen is not None and self._paid(t_us, seen):
            self.bytes_replied += len(block)
            return
        if seen is not None and seen.kind is Kind.ANNOUNCEMENT:
            self.announcements += 1
            if self.announcements <= BOOT_ANNOUNCEMENTS and t_us - self._power_on_us <= BOOT_WINDOW_US:
                self.bytes_at_boot += len(block)
                return
        self._unsolicited(t_us, len(block))

    def _paid(self, t_us: int, seen: Seen) -> bool:
        """Takes the payment off the question's account."""
        if seen.kind is Kind.REPLY and self._open[seen.answers] > 0:
            self._open[seen.answers] -= 1
            return True
        paying = [n for n, one in enumerate(self._pulls) if seen.kind is Kind.DATA and one.pays_for(seen, t_us)]
        for n in paying[:1]:
            self._pulls[n] = replace(self._pulls[n], n=self._pulls[n].n - 1)
        return bool(paying)

    def _unsolicited(self, t_us: int, n: int) -> None:
        self.bytes_unsolicited += n
        if self.silent(t_us):
            self.bytes_unsolicited_while_silent += n
            if self.first_unsolicited_while_silent_us is None:
                self.first_unsolicited_while_silent_us = t_us

    def _data(self, t_us: int, seen: Seen) -> None:
        first = self._packets.setdefault(seen.boot, {}).setdefault(seen.seq, seen.payload)
        self.contradictions += first != seen.payload
        if seen.streams and not seen.resent:
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
    def packets_sent(self) -> int:
        """Unique data packets."""
        return sum(len(packets) for packets in self._packets.values())

    @property
    def data_digest(self) -> str:
        """SHA-256 of the unique data packets (boot, seq, payload), hex: boots as first heard, packets by number."""
        digest = hashlib.sha256()
        for boot, packets in self._packets.items():
            for seq, payload in sorted(packets.items()):
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
