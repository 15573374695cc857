"""Changes to a recording whose effect is known beforehand: what a tuned constant or a stub does not survive.

Rule: a control is judged against the same estimator on the unchanged recording, so it holds for any estimator of
breathing and is tested on estimators that must fail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import Generator, Philox
from numpy.typing import NDArray

from edge.core import load
from hw_sim.board import Faults
from hw_sim.recording import Recording

Result = dict[str, Any]
Estimator = Callable[[Recording, Faults | None], Result]
MID_SCALE = 2048
SIGMAS = (2, 10, 40)
SHUFFLES = range(6)
REPEATED = (0, 100, 217)  # frames of the recording


def streaming_threshold() -> float:
    """Confidence from which the device streams, 0..1."""
    ffi, lib = load()
    config = ffi.new("sw_uplink_config *")
    lib.sw_uplink_config_default(config)
    return int(config.enter_confidence) / 255


@dataclass(frozen=True)
class Control:
    """holds(unchanged, changed): whether the effect is the expected one."""

    name: str
    change: Callable[[Recording], Recording]
    holds: Callable[[Result, Result], bool]
    faults: Faults | None = None

    def passes(self, estimate: Estimator, recording: Recording, unchanged: Result) -> bool:
        """Whether an estimator survives it."""
        return self.holds(unchanged, estimate(self.change(recording), self.faults))


def with_frames(recording: Recording, frames: NDArray[Any]) -> Recording:
    return replace(recording, frames=np.ascontiguousarray(frames.astype(np.uint16)))


def same(recording: Recording) -> Recording:
    return recording


def backwards(recording: Recording) -> Recording:
    return with_frames(recording, recording.frames[::-1])


def slower_clock(recording: Recording) -> Recording:
    return replace(recording, config=replace(recording.config, frame_period_s=1.5 * recording.config.frame_period_s))


def halved(recording: Recording) -> Recording:
    return with_frames(recording, np.rint((recording.frames - float(MID_SCALE)) / 2) + MID_SCALE)


def shuffled(seed: int) -> Callable[[Recording], Recording]:
    return lambda recording: with_frames(recording, Generator(Philox(seed)).permutation(recording.frames))


def repeated(frame: int, sigma: float) -> Callable[[Recording], Recording]:
    def change(recording: Recording) -> Recording:
        noise = Generator(Philox(frame)).normal(0, sigma, recording.frames.shape)
        return with_frames(recording, np.clip(np.rint(recording.frames[frame] + noise), 0, 4095))

    return change


def rates(found: Result) -> list[float | None]:
    return [found["respiration_rate_per_min"], *found["per_rx_rate_per_min"]]


def ratio(low: float, high: float) -> Callable[[Result, Result], bool]:
    """All rates there, changed by a factor inside the limits."""

    def holds(unchanged: Result, changed: Result) -> bool:
        return all(
            a is not None and b is not None and low <= b / a <= high
            for a, b in zip(rates(unchanged), rates(changed), strict=True)
        )

    return holds


def no_rate(unchanged: Result, changed: Result) -> bool:
    """Every rate null, each with a reason."""
    named = ["respiration_rate_per_min", *(f"per_rx_rate_per_min.{i}" for i in range(3))]
    return rates(changed) == [None] * 4 and all(changed["reasons"].get(name) for name in named)


def nobody(unchanged: Result, changed: Result) -> bool:
    return no_rate(unchanged, changed) and changed["confidence"] < streaming_threshold()


def no_result(unchanged: Result, changed: Result) -> bool:
    values = ("distance_m", "confidence", "displacement_p2p_mm")
    return no_rate(unchanged, changed) and all(changed[key] is None and changed["reasons"].get(key) for key in values)


def not_the_same(unchanged: Result, changed: Result) -> bool:
    """Neither the bytes on the line nor what they say."""
    values = [key for key in unchanged if key not in ("digest", "reasons", "frames", "spi_bytes")]
    return changed["digest"] != unchanged["digest"] and any(changed[key] != unchanged[key] for key in values)


def half_as_strong(unchanged: Result, changed: Result) -> bool:
    """Same rates, place and size, from other bytes."""
    return (
        ratio(0.98, 1.02)(unchanged, changed)
        and abs(changed["distance_m"] - unchanged["distance_m"]) < 0.01
        and abs(changed["displacement_p2p_mm"] / unchanged["displacement_p2p_mm"] - 1) < 0.1
        and changed["digest"] != unchanged["digest"]
    )


STARTED_US = 1_000_000  # after the self test, during the recording

CONTROLS = [
    Control("frames backwards", backwards, ratio(1 - 0.7 / 14.4, 1 + 0.7 / 14.4)),
    Control("frame period x 1.5", slower_clock, ratio(0.9 / 1.5, 1.1 / 1.5)),
    Control("amplitude halved", halved, half_as_strong),
    Control("MISO bit 6 stuck high from power-on", same, no_result, Faults(miso_from_us=0, miso_or=0x40)),
    *(
        Control(f"MISO bit {bit} stuck {level} during it", same, not_the_same, Faults(miso_from_us=STARTED_US, **mask))
        for bit in (0, 4, 6)
        for level, mask in (("high", {"miso_or": 1 << bit}), ("low", {"miso_and": 0xFF ^ 1 << bit}))
    ),
    Control("data line dead", same, no_result, Faults(miso_from_us=0, miso_and=0, miso_fifo_only=False)),
    Control(
        "data line dies during it", same, no_result, Faults(miso_from_us=10_000_000, miso_and=0, miso_fifo_only=False)
    ),
    Control("interrupt never: frames are fetched when due", same, ratio(0.98, 1.02), Faults(irq_low_from_us=0)),
    *(Control(f"shuffled {seed}", shuffled(seed), no_rate) for seed in SHUFFLES),
    *(
        Control(f"frame {frame} repeated, noise {sigma}", repeated(frame, sigma), nobody)
        for frame, sigma in zip(REPEATED, SIGMAS, strict=True)
    ),
    Control("frame 0 repeated, noise 40", repeated(0, 40), nobody),
    Control("frame 100 repeated, noise 2", repeated(100, 2), nobody),
]
