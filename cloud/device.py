"""Commands to the device: what the user has set goes there, and is read back before it is believed.

Rule: every question has a fresh nonce and gets one answer; a question without answer is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass

from cloud.alarm import AlarmSetting, RingAt
from cloud.observations import Row
from wire import packet
from wire.handshake import Entropy
from wire.packet import Packet

#: Answers that belong here; everything else belongs to the link or to the ingest.
ANSWERS = (packet.ALARM_STATE, packet.SETTINGS)


@dataclass(frozen=True)
class Settings:
    """What the user has set, as the process was started. side: "left" | "right"; timezone: an IANA name."""

    alarm: AlarmSetting | None = None
    side: str | None = None
    timezone: str | None = None


@dataclass
class Device:
    """What is under way: plain numbers and lists, because it is kept as JSON."""

    ring_utc_us: int = 0


def ring(state: Device, at: RingAt) -> None:
    """The alarm's policy wants this ring; it goes out at the next tick."""
    state.ring_utc_us = at.utc_us


def receive(state: Device, answer: Packet, utc_us: int) -> list[Row]:
    """An answer of the device that is linked now, heard at utc_us."""
    return []


def tick(state: Device, settings: Settings, linked: bool, utc_us: int, entropy: Entropy) -> bytes:
    """Bytes that are due for the device now. linked: it has answered this host's nonce."""
    return b""
