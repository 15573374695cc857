"""Half a minute of the primary user: what staging, intent and alarm look at.

Rule: only what was measured of the primary user is in here; every other second is None, and the reason says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field

EPOCH_S = 30
EPOCH_US = 30_000_000
WAVE_HZ = 10
N_WAVE = EPOCH_S * WAVE_HZ


@dataclass(frozen=True)
class EpochInput:
    """One epoch, aligned to UTC half minutes. Lists: one entry per second, wave_um ten; None = unknown."""

    utc_us: int  # start of the epoch
    occupied: str  # "user" | "away" | "unknown" (most of the epoch)
    rate_per_min: list[float | None]  # 30, only where valid
    moving: list[int | None]  # 30: 1 moving, 0 still
    motion_db: list[float | None]  # 30, dB over the still level
    confidence: list[float | None]  # 30, 0..1
    wave_um: list[int | None]  # 300, towards the radar positive
    user: list[int | None]  # 30: 1 primary user, 0 somebody else, None nothing measured or not known
    reason: str  # commonest reason of the missing seconds, "" when none is missing
    elevation_deg: list[float | None] = field(default_factory=list)  # 30, of the chest over the device; or none at all

    @property
    def end_utc_us(self) -> int:
        """The end of the epoch."""
        return self.utc_us + EPOCH_US
