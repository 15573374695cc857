"""The C chain and the reference chain on equal samples, every output of every frame kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.blocks import chain, vitals
from edge.blocks.bed_place import Place
from edge.blocks.geometry import from_registers
from edge.core import load
from hw_sim.radar_view import RadarView

FFI, LIB = load()
ALIGN = 16
LOST_US = 700_000
Outputs = NDArray[Any]  # vitals.OUT[frame]
Placed = tuple[int, Place]


class Radar:
    """A radar config as the chain is told of it. fields: of sw_radar_config that differ from the default."""

    def __init__(self, fields: Mapping[str, int] | None = None) -> None:
        self.config, self.timing = FFI.new("sw_radar_config *"), FFI.new("sw_radar_timing *")
        LIB.sw_config_default(self.config)
        for name, value in (fields or {}).items():
            setattr(self.config, name, value)
        words = FFI.new("uint32_t[]", LIB.SW_RADAR_REGISTER_COUNT)
        assert LIB.sw_radar_registers(self.config, words, self.timing) == 0

    @property
    def frame_us(self) -> float:
        return int(self.timing.frame_ticks) / 80

    @property
    def view(self) -> RadarView:
        """The same radar for a scene."""
        config, timing = self.config, self.timing
        return RadarView(
            n_rx=timing.n_rx,
            rx_mask=config.rx_mask,
            n_samples=config.n_samples,
            n_chirps=config.n_chirps,
            sample_rate_hz=float(config.sample_rate_hz),
            f0_hz=timing.sampled_start_khz * 1e3,
            slope_hz_per_s=timing.sampled_bandwidth_khz * 1e3 * config.sample_rate_hz / config.n_samples,
            chirp_period_ns=timing.chirp_ticks * 12.5,
            frame_period_ns=timing.frame_ticks * 12.5,
            if_gain_db=float(config.if_gain_db),
            hp_cutoff_hz=config.hp_cutoff_khz * 1e3,
            tx_power_level=config.tx_power_level,
        )


def moment(radar: Radar, frame: int, gap_at: int | None) -> tuple[int, int]:
    """Chip time, us, and flags of a frame; before gap_at frames were lost."""
    lost = gap_at is not None and frame >= gap_at
    return int(frame * radar.frame_us) + lost * LOST_US, LIB.SW_FLAG_GAP if frame == gap_at else 0


def run_c(
    radar: Radar,
    frames: NDArray[np.uint16],
    gap_at: int | None = None,
    change: Callable[[Any], None] | None = None,
    placed: Placed | None = None,
) -> Outputs:
    """frames: uint16[frame, chirp, sample, rx]. change: what to do to the sw_chain before its first frame.

    placed: a frame, and the place that the chain is told before it.
    """
    memory = FFI.new("char[]", LIB.sw_chain_size() + ALIGN)
    base = int(FFI.cast("uintptr_t", memory))
    state = FFI.cast("sw_chain *", base + -base % ALIGN)
    assert LIB.sw_chain_init(state, radar.config, radar.timing) == 0
    if change is not None:
        change(state)
    found = np.zeros(len(frames), vitals.OUT)
    assert FFI.sizeof("sw_chain_out") == vitals.OUT.itemsize
    out, samples = FFI.cast("sw_chain_out *", FFI.from_buffer(found)), np.ascontiguousarray(frames)
    first, size = FFI.cast("uint16_t *", FFI.from_buffer(samples)), frames[0].size
    for k in range(len(frames)):
        if placed is not None and k == placed[0]:
            LIB.sw_chain_place(state, FFI.new("sw_place *", asdict(placed[1])))
        LIB.sw_chain_step(state, first + k * size, *moment(radar, k, gap_at), out + k)
    return found


def run_reference(
    radar: Radar, frames: NDArray[np.uint16], gap_at: int | None = None, placed: Placed | None = None
) -> Outputs:
    """The same by the reference chain."""
    state, found = np.zeros(1, chain.STATE)[0], np.zeros(len(frames), vitals.OUT)
    state["geometry"] = from_registers(radar.config, radar.timing)
    chain.init(state)
    for k in range(len(frames)):
        if placed is not None and k == placed[0]:
            where = placed[1]
            low, high = math.radians(where.azimuth_low_cdeg / 100), math.radians(where.azimuth_high_cdeg / 100)
            chain.place(state, where.near_mm / 1000, where.far_mm / 1000, low, high)
        chain.step(state, frames[k], *moment(radar, k, gap_at), found[k])
    return found


def differences(a: Outputs, b: Outputs) -> dict[str, NDArray[np.int64]]:
    """Per field and frame the largest difference in LSB; of the waveform only the samples that are there."""
    found = {}
    for name in vitals.OUT.names or ():
        apart = np.abs(a[name].astype(np.int64) - b[name].astype(np.int64))
        if name == "wave_um":
            apart = np.where(np.arange(vitals.WAVE_MAX) < a["wave_n"][:, None], apart, 0).max(axis=1)
        found[name] = apart
    return found
