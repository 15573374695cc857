"""What share of the C chain's time a block takes, called by itself on frames of a scene.

Rule: frames of the chain's own row; what a call from Python costs is measured with an empty one and taken
off. Only blocks whose input can be made without the rest of the chain are here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.floors import Floor, seconds_per_call
from edge.core import load

if TYPE_CHECKING:
    from bench.run import Radar

NOISE = 0.004
"""Power of a range bin, ADC counts²; decides which bins the check of the supply looks at."""

HOT = 4
"""Frames whose half bursts and profiles are kept, in turn: few, as the chain has them in its cache."""


class Front:
    """The blocks in front of the clutter filter, their states, and signals to call them with."""

    def __init__(self, used: Radar, frames: NDArray[np.uint16], n_different: int) -> None:
        """frames: uint16[frame, chirp * sample * rx], kept; the first n_different of them come in turn."""
        self.ffi, self.lib = load()
        new, config, n_rx = self.ffi.new, used.config, used.timing.n_rx
        self.geometry = new("sw_geometry *")
        self.half_burst, self.range_fft = new("sw_half_burst *"), new("sw_range_fft *")
        self.check = new("sw_sample_check *")
        shape = (n_rx, config.n_samples, config.n_chirps)
        errors = (
            self.lib.sw_geometry_init(self.geometry, config, used.timing),
            self.lib.sw_half_burst_init(self.half_burst, [shape]),
            self.lib.sw_range_fft_init(self.range_fft, [(config.n_samples,)]),
            self.lib.sw_sample_check_init(self.check, [(*shape, used.view.frame_period_ns * 1e-9)]),
        )
        if any(errors):
            raise ValueError(f"{used.name}: errors {errors}")
        self._samples = self.ffi.from_buffer("uint16_t[]", frames)
        self.frames = [self._samples + k % n_different * frames.shape[1] for k in range(len(frames))]
        halves_of = [new("sw_samples[2]") for _ in range(HOT)]
        outs = [new("sw_range_fft_out *") for _ in range(HOT)]
        spent, other = new("sw_samples[2]"), new("sw_samples[2]")
        for frame, halves, out in zip(self.frames, halves_of, outs, strict=False):
            self.lib.sw_half_burst_step(self.half_burst, frame, halves)
            self.ffi.memmove(spent, halves, self.ffi.sizeof(halves))
            self.lib.sw_range_fft_step(self.range_fft, spent, other, out)
        profiles = [(self.ffi.addressof(out, "profile"), self.ffi.addressof(out, "difference")) for out in outs]
        self.rest = [(halves_of[k % HOT], *profiles[k % HOT]) for k in range(len(self.frames))]

    def sample_check(self) -> None:
        """All frames through the four looks of the block, in the chain's order."""
        lib, check, geometry = self.lib, self.check, self.geometry
        for frame, (halves, profile, difference) in zip(self.frames, self.rest, strict=True):
            lib.sw_sample_check_samples(check, frame, 0)
            lib.sw_sample_check_halves(check, halves)
            lib.sw_sample_check_profile(check, geometry, profile, difference)
            lib.sw_sample_check_line(check, geometry, difference, NOISE)

    def empty(self) -> None:
        """The same loop, and calls that return at once."""
        nothing, nobody = self.lib.sw_crc32, self.ffi.NULL
        for _frame, (_halves, _profile, _difference) in zip(self.frames, self.rest, strict=True):
            nothing(nobody, 0)
            nothing(nobody, 0)
            nothing(nobody, 0)
            nothing(nobody, 0)


def rows(used: Radar, frames: NDArray[np.uint16], chain: float, budget_s: float) -> list[tuple[str, float, str, Floor]]:
    """(name, value, unit, floor). chain: frames/s of the whole C chain on these frames: ratio_to_floor is the share.

    Samples in the cache: as right behind the driver's unpacking. From memory: as in the chain's own row, where the first
    block that looks at a frame pays for its way; without this block another one would.
    """
    floor, found = Floor(chain, "the whole C chain, so that the ratio is the block's share"), []
    for where, n_different in (("cache", HOT), ("memory", len(frames))):
        front = Front(used, frames, n_different)
        spent_s = seconds_per_call(front.sample_check, budget_s) - seconds_per_call(front.empty, budget_s)
        found.append((f"sample check {used.name}, from {where}", len(frames) / spent_s, "frames/s", floor))
    return found
