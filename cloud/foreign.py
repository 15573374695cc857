"""A breathing radar of another maker in the place of our device: what its reports say, second by second, as our data packets.

Rule: only breathing rate, presence and distance are taken, and only while they are fresh and can be true; everything else
is unknown, with its reason. Such a module has no clock, no memory and no buzzer: its time is the host's, what was not
heard is lost, and nothing at it rings. The packets have numbers of this process, so that a second one goes on as a new boot.

The module tells no probabilities. What it tells counts with the least that counts (LEAST); see docs/other-radars.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cloud import core, ingest
from cloud.device import Settings
from cloud.night_process import Cloud
from cloud.observations import VALID_FROM
from cloud.store import Store
from cloud.writer import Writer
from wire import packet, seeed, table, trust
from wire.handshake import Entropy
from wire.packet import Packet
from wire.seeed import DISTANCE, PHASE, PRESENT, RATE, Framing, Report

PROTOCOLS = seeed.FRAMINGS
CANNOT_RING = "this module has no buzzer: the alarm is kept in the store, nothing rings"

#: Of 255: the least validity, and the least confidence, with which a value counts.
LEAST = VALID_FROM
#: A confidence with which presence does not count: the module says so, and finds neither breathing nor a distance.
DOUBT = 64
#: Longer than the slowest of the modules' reports (every 3 s) with one of them lost.
FRESH_US = 8_000_000
#: A module that says nothing at all for so long is gone.
GONE_US = 10_000_000
#: Nobody there must have been told for so long.
NOBODY_US = 5_000_000
#: Presence needs breathing or a distance within this.
EVIDENCE_US = 60_000_000
#: Makers' figure for the chest's distance up to which breathing is measured.
BREATHING_MM = 1500.0
#: A phase that does not change for so long is the last one told again; so is a rate.
SAME_PHASE_US = 10_000_000
SAME_RATE_US = 1_200_000_000

#: So many bytes without one packet are another language.
STRANGE_BYTES = 1000

_STATES, _REASONS = table.UplinkState, table.Reason


@dataclass
class Told:
    """The last value of a kind. None: never told, or told to be unknown. changed_us: when it became this value."""

    value: float | None = None
    told_us: int | None = None
    changed_us: int = 0


@dataclass
class Module:
    """What one module has said. Times: us UTC. start_us: device time 0 of its packets; 0: nothing heard yet."""

    told: dict[str, Told] = field(default_factory=dict)
    start_us: int = 0
    heard_us: int = 0
    evidence_us: int = 0  # when breathing or a distance was known last
    state: int = _STATES["BOOT"]
    silent_us: int = 0  # since when it is not streaming
    silent_reason: int = 0
    seq: int = 0

    @property
    def boot(self) -> int:
        """The number of this process as a boot: the second in which it heard the module first."""
        return self.start_us // 1_000_000 & 0xFFFF_FFFF


def hear(module: Module, reports: list[Report], utc_us: int) -> None:
    """Reports that came until utc_us."""
    if reports:
        module.heard_us = utc_us
    for kind, value in reports:
        told = module.told.setdefault(kind, Told())
        if told.told_us is None or value != told.value:
            told.changed_us = utc_us
        told.value, told.told_us = value, utc_us


def tick(module: Module, utc_us: int) -> list[Packet]:
    """The packets of the second that ends at utc_us: a change of state, vitals while somebody is there."""
    if not module.heard_us:
        return []
    if not module.start_us:
        module.start_us = utc_us
    if utc_us - module.heard_us > GONE_US:
        return _leave(module, "RADAR_FAILED", utc_us)
    rate, rate_reason = _rate(module, utc_us)
    distance = _fresh(module, DISTANCE, utc_us)
    if rate is not None or distance is not None:
        module.evidence_us = utc_us
    present = module.told.get(PRESENT)
    if present is None or present.value is None:
        somebody = rate is not None  # one that tells presence only when it changes
        nobody = False
    else:
        somebody = present.value > 0
        nobody = not somebody and utc_us - present.changed_us >= NOBODY_US
    if nobody:
        return _leave(module, "NOBODY", utc_us)
    if not somebody or (module.state != _STATES["STREAMING"] and utc_us - module.evidence_us > EVIDENCE_US):
        return []
    return [*_enter(module, utc_us), _vitals(module, rate, rate_reason, distance, utc_us)]


def _fresh(module: Module, kind: str, utc_us: int) -> float | None:
    told = module.told.get(kind)
    if told is None or told.told_us is None or utc_us - told.told_us > FRESH_US:
        return None
    return told.value


def _rate(module: Module, utc_us: int) -> tuple[float | None, str]:
    """Breaths per minute, or the reason why that is unknown."""
    rate, distance = _fresh(module, RATE, utc_us), _fresh(module, DISTANCE, utc_us)
    if rate is None:
        told = module.told.get(RATE)
        return None, "STARTING" if told is None else "LOW_QUALITY"
    if distance is not None and distance > BREATHING_MM:
        return None, "BEYOND_RANGE"
    phase, same_us = module.told.get(PHASE), utc_us - module.told[RATE].changed_us
    if (phase is not None and utc_us - phase.changed_us > SAME_PHASE_US) or same_us > SAME_RATE_US:
        return None, "REPEATED"
    return rate, "NONE"


def _enter(module: Module, utc_us: int) -> list[Packet]:
    if module.state == _STATES["STREAMING"]:
        return []
    silent_us = module.silent_us
    return [
        _transition(
            module, "STREAMING", "CONFIDENT", utc_us,
            silent_from_us=silent_us - module.start_us if silent_us else 0,
            silent_to_us=max(utc_us - module.start_us, 1) if silent_us else 0,
            silent_reason=module.silent_reason if silent_us else 0,
        )
    ]  # fmt: skip


def _leave(module: Module, reason: str, utc_us: int) -> list[Packet]:
    """Nothing more is to be told, and why; said again when the reason is another one."""
    number = int(_REASONS[reason])
    if module.state == _STATES["MONITORING"] and number == module.silent_reason:
        return []
    if module.state != _STATES["MONITORING"]:
        module.silent_us = utc_us
    module.silent_reason = number
    module.evidence_us = 0
    return [_transition(module, "MONITORING", reason, utc_us, silent_from_us=0, silent_to_us=0, silent_reason=0)]


def _transition(module: Module, to: str, reason: str, utc_us: int, **silent: int) -> Packet:
    fields = {"from_state": module.state, "to_state": int(_STATES[to]), "reason": int(_REASONS[reason]), **silent}
    fields["utc_us"] = 0  # it has no clock
    module.state = int(_STATES[to])
    return _packet(module, packet.TRANSITION, fields, utc_us)


def _vitals(module: Module, rate: float | None, why: str, distance_mm: float | None, utc_us: int) -> Packet:
    not_told = int(_REASONS["NOT_TOLD"])
    seen = utc_us - module.evidence_us <= EVIDENCE_US
    fields: dict[str, int | list[int]] = {f.name: 0 if f.count == 1 else [0] * f.count for f in _FIELDS}
    fields |= {
        "state": int(_STATES["STREAMING"]),
        "confidence": LEAST if seen else DOUBT,
        "respiration_rate": 0 if rate is None else round(100 * rate),
        "respiration_validity": 0 if rate is None else LEAST,
        "respiration_reason": int(_REASONS[why]),
        "motion_reason": not_told,
        "distance": 0 if distance_mm is None else round(distance_mm),
        "distance_validity": 0 if distance_mm is None else LEAST,
        "position_reason": not_told,
        "wave_reason": not_told,
    }
    return _packet(module, packet.VITALS, fields, utc_us)


_FIELDS = table.LAYOUTS[packet.VITALS].fields


def _packet(module: Module, type_: int, fields: Mapping[str, int | list[int]], utc_us: int) -> Packet:
    module.seq += 1
    return packet.make(type_, fields, seq=module.seq, boot=module.boot, t_us=utc_us - module.start_us)


class ForeignCloud(Cloud):
    """As Cloud, with a module of another maker at the line: nothing is ever sent to it."""

    def __init__(
        self,
        framing: Framing,
        writer: Writer | Store,
        entropy: Entropy,
        source: str,
        settings: Settings | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self._decoded: list[Report] = []
        self._foreign = seeed.Decoder(framing)
        self._module = Module()
        super().__init__(writer, entropy, source, settings, {**(more or {}), "protocol": framing.name})

    def receive(self, chunk: bytes) -> None:
        """Bytes from the module, in any cut."""
        self._decoded += self._foreign.feed(chunk)

    def tick(self, utc_us: int) -> bytes:
        """What is due now; never any bytes. Raises StoreError."""
        reports, self._decoded = self._decoded, []
        if utc_us < self._module.heard_us:  # the host's clock was set back
            self._module = Module()
        hear(self._module, reports, utc_us)
        for one in tick(self._module, utc_us):
            self._state.rows += ingest.set_host_clock(self._state.ingest, one.boot, self._module.start_us)
            ingest.take(self._state.ingest, one, utc_us)
        super().tick(utc_us)
        return b""

    def relink(self) -> None:
        """The port was opened anew: what was half said is over."""
        self._foreign.drop()

    @property
    def linked(self) -> bool:
        """The module has said something that was understood."""
        return self._module.heard_us > 0

    @property
    def trouble(self) -> str:
        """Why nothing is understood although something comes; empty when something is, or nothing comes."""
        if self.line.packets or self.line.skipped < STRANGE_BYTES:
            return ""
        name = self._foreign.framing.name
        return f"no packet of {name} in {self.line.skipped} bytes: another module, or another baud rate"

    @property
    def line(self) -> seeed.Counters:
        """What became of the line's bytes."""
        return self._foreign.counters


def made(
    protocol: str | None,
    writer: Writer | Store,
    entropy: Entropy,
    source: str,
    settings: Settings | None = None,
    more: Mapping[str, str] | None = None,
    knows_time: Callable[[], bool] = lambda: True,
    questions: core.Questions | None = None,
    keyring: trust.Keyring = trust.ANYBODY,
) -> Cloud:
    """The cloud for whoever speaks at the line. protocol: one of PROTOCOLS; None: our device, to which alone the last three
    belong. Raises KeyError."""
    if protocol is None:
        return Cloud(writer, entropy, source, settings, more, knows_time, questions, keyring)
    return ForeignCloud(PROTOCOLS[protocol], writer, entropy, source, settings, more)
