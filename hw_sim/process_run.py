"""`stillwave process`: a raw ADC recording through the chip's FIFO and the firmware, all antennas and each alone.

Rule: the frames go through the same chip, firmware and parameters as everything else; the self test at start
runs on mid-scale samples and takes no frame of the recording.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hw_sim.board import BoardFailed, Faults, Samples
from hw_sim.radar_view import RadarView
from hw_sim.recording import Recording, RecordingConfig
from hw_sim.rig import Rig

SETTLE_S = 5.0
"""Virtual time for power-on and self test, and after the last frame."""
P2P_PERCENTILES = (2.5, 97.5)
ENOUGH = 0.9
"""Share of the frames that must reach the chain: with fewer, its last word is not about the recording's end."""


def radar_config(config: RecordingConfig, rx_antennas: Sequence[int]) -> dict[str, int]:
    """The firmware's radar config (integers) that declares the same sweep for these antennas."""
    return {
        "rx_mask": sum(1 << (number - 1) for number in rx_antennas),
        "n_samples": config.n_samples,
        "n_chirps": config.n_chirps,
        "sample_rate_hz": round(config.sample_rate_hz),
        "start_khz": round(config.start_hz / 1e3),
        "end_khz": round(config.end_hz / 1e3),
        "chirp_period_ns": round(config.chirp_period_s * 1e9),
        "frame_period_ns": round(config.frame_period_s * 1e9),
        "tx_power_level": config.tx_power_level,
        "if_gain_db": round(config.if_gain_db),
        "hp_cutoff_khz": round(config.hp_cutoff_hz / 1e3),
    }


class Playback:
    """A recording as the sample source. frames: uint16[frame, chirp, sample, rx]."""

    any_time = True

    def __init__(self, frames: npt.NDArray[np.uint16]) -> None:
        self._frames = np.ascontiguousarray(frames).reshape(len(frames), -1)
        self.given = False

    def block(self, first_clock: int, view: RadarView) -> Samples:
        """All frames at once, then none."""
        frames = self._frames[: 0 if self.given else len(self._frames)]
        self.given = True
        return frames


@dataclass
class Pass:
    """One run of a recording. rates: (validity, rate_per_min, reason) of the last frame."""

    reasons: tuple[str, ...]
    """Text of each reason number."""
    frames: int = 0
    logged: int = 0
    spi_bytes: int = 0
    digest: str = ""
    last: dict[str, int] = field(default_factory=dict)
    wave_um: list[int] = field(default_factory=list)
    failed: str = ""

    def log(self, out: Any) -> None:
        """Keeps what the chain says of a frame."""
        self.logged += 1
        self.last = {name: getattr(out, name) for name in LAST_FIELDS}
        if out.wave_validity:
            self.wave_um.extend(out.wave_um[i] for i in range(out.wave_n))

    def value(self, name: str, scale: float, validity: str, reason: str) -> tuple[float | None, str]:
        """A value of the last frame, or None with its reason."""
        if self.failed:
            return None, self.failed
        if self.last[validity] == 0:
            return None, self.reasons[self.last[reason]]
        return self.last[name] * scale, ""

    def rate(self) -> tuple[float | None, str]:
        return self.value("rate_centi_per_min", 0.01, "rate_validity", "rate_reason")


LAST_FIELDS = (
    "confidence", "rate_centi_per_min", "rate_validity", "rate_reason", "distance_mm", "distance_validity",
    "position_reason", "range_bin", "wave_validity", "wave_reason",
)  # fmt: skip


def play(
    recording: Recording,
    rx_antennas: Sequence[int],
    core: str,
    reasons: tuple[str, ...],
    faults: Faults | None = None,
    probes: Any = (),
) -> Pass:
    """One pass with these antennas (numbers out of the recording's). probes: as the rig's.

    Raises RigError for a config no chip can do.
    """
    found = Pass(reasons)
    columns = [recording.config.rx_antennas.index(number) for number in rx_antennas]
    source = Playback(recording.frames[..., columns])
    duration_s = len(recording.frames) * recording.config.frame_period_s + 2 * SETTLE_S
    radar = radar_config(recording.config, rx_antennas)
    with Rig(source=source, core=core, radar=radar, faults=faults, log=found.log, probes=probes) as rig:
        try:
            rig.run(math.ceil(duration_s), stop=lambda: source.given)
        except BoardFailed as error:
            found.failed = str(error)
        chip = rig.board.chip.counters()
        found.frames, found.spi_bytes, found.digest = chip.frames_from_ring, chip.fifo_burst_bytes, rig.counts.digest
    if not found.failed and found.logged < ENOUGH * len(recording.frames):
        found.failed = f"only {found.logged} of {len(recording.frames)} frames came through"
    return found


def process(
    recording: Recording, core: str, reasons: tuple[str, ...], faults: Faults | None = None, probes: Any = None
) -> dict[str, Any]:
    """The result of `stillwave process`, with the reason for every null.

    probes: a watch, which sees the pass with all antennas. Raises RigError.
    """
    whole = play(recording, recording.config.rx_antennas, core, reasons, faults, probes or ())
    alone = [play(recording, [number], core, reasons, faults).rate() for number in recording.config.rx_antennas]
    rate, distance = whole.rate(), whole.value("distance_mm", 1e-3, "distance_validity", "position_reason")
    p2p = peak_to_peak_mm(whole)
    confidence = (None, whole.failed) if whole.failed else (whole.last["confidence"] / 255, "")
    named = {
        "respiration_rate_per_min": rate,
        "distance_m": distance,
        "confidence": confidence,
        "displacement_p2p_mm": p2p,
    }
    reasons_found = {name: why for name, (value, why) in named.items() if value is None}
    reasons_found |= {f"per_rx_rate_per_min.{i}": why for i, (value, why) in enumerate(alone) if value is None}
    return {
        "frames": whole.frames,
        "spi_bytes": whole.spi_bytes,
        "respiration_rate_per_min": _rounded(rate[0], 2),
        "per_rx_rate_per_min": [_rounded(value, 2) for value, _ in alone],
        "distance_m": _rounded(distance[0], 3),
        "confidence": _rounded(confidence[0], 3),
        "displacement_p2p_mm": _rounded(p2p[0], 3),
        "digest": whole.digest,
        "reasons": reasons_found,
    }


def peak_to_peak_mm(found: Pass) -> tuple[float | None, str]:
    """Of the waveform the firmware put out, between its 2.5 and 97.5 percentiles: one jerk decides nothing."""
    if found.failed or not found.wave_um:
        return None, found.failed or found.reasons[found.last["wave_reason"]]
    low, high = np.percentile(found.wave_um, P2P_PERCENTILES)
    return float(high - low) / 1000, ""


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
