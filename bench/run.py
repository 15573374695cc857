"""`stillwave bench`: the rows, each beside its floor.

Rule: ratio_to_floor says how many times the cost of its floor a figure is; both were measured in this run.
A row whose part is not installed is left out, with a note.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import blocks, line_rows, spi, targets, virtual_board
from bench.floors import Floor, fft_floor, memory_floor, seconds_per_call
from edge.core import load
from hw_sim.radar_view import RadarView

FRAMES = 1200  # a minute: movements at the seam are a small part
FFTS_PER_RX = 2  # the two half-burst means
INIT = "int32_t(*)(void *, const sw_radar_config *, const sw_radar_timing *)"
STEP = "void(*)(void *, const uint16_t *, uint64_t, uint32_t, sw_chain_out *)"
SMALL = {"n_samples": 64, "n_chirps": 16}
NIGHT_HOURS = 2.0


@dataclass(frozen=True)
class Radar:
    """One radar configuration as the firmware and as the scene know it. name: antennas x samples x chirps."""

    config: Any
    timing: Any
    view: RadarView

    @property
    def name(self) -> str:
        return f"{self.view.n_rx}x{self.view.n_samples}x{self.view.n_chirps}"


def radar(**changes: int) -> Radar:
    """The default radar config with changes. Raises ValueError when the chip cannot do it."""
    ffi, lib = load()
    config, timing = ffi.new("sw_radar_config *"), ffi.new("sw_radar_timing *")
    lib.sw_config_default(config)
    for key, value in changes.items():
        setattr(config, key, value)
    error = lib.sw_radar_registers(config, ffi.new("uint32_t[]", lib.SW_RADAR_REGISTER_COUNT), timing)
    if error:
        raise ValueError(f"radar config {changes}: error {error}")
    sweep_s = config.n_samples / config.sample_rate_hz
    view = RadarView(
        n_rx=timing.n_rx,
        rx_mask=config.rx_mask,
        n_samples=config.n_samples,
        n_chirps=config.n_chirps,
        sample_rate_hz=float(config.sample_rate_hz),
        f0_hz=timing.sampled_start_khz * 1e3,
        slope_hz_per_s=timing.sampled_bandwidth_khz * 1e3 / sweep_s,
        chirp_period_ns=timing.chirp_ticks * 12.5,
        frame_period_ns=timing.frame_ticks * 12.5,
        if_gain_db=float(config.if_gain_db),
        hp_cutoff_hz=config.hp_cutoff_khz * 1e3,
        tx_power_level=config.tx_power_level,
    )
    return Radar(config, timing, view)


def synthesiser(used: Radar) -> tuple[Callable[[], None], NDArray[np.uint16]]:
    """(fills the array with FRAMES frames of the scenario `single`, uint16[FRAMES, chirp * sample * rx])."""
    from hw_sim.scene import Scene

    scene = Scene.load("single", seed=1, duration_s=3600.0)
    out = np.zeros((FRAMES, int(np.prod(used.view.frame_shape))), np.uint16)
    period_us = used.view.frame_period_ns / 1e3
    return lambda: scene.frames(600e6, period_us, FRAMES, used.view, out), out


def chain(core: str, used: Radar, frames: NDArray[np.uint16]) -> Callable[[], None]:
    """One call runs the chain `c` or `numba` over all frames, in order, its state going on; a Python call a frame."""
    from hw_sim.rig import chain_ops

    ffi, lib = load()
    ops, alive = chain_ops(core)
    if ffi.cast(INIT, ops.init)(ffi.cast("void *", ops.state), used.config, used.timing):
        raise ValueError(f"the chain refuses {used.name}")
    step = lib.sw_chain_step if core == "c" else ffi.cast(STEP, ops.step)
    state, out = ffi.cast("void *", ops.state), ffi.new("sw_chain_out *")
    samples = ffi.from_buffer("uint16_t[]", frames)
    pointers = [samples + k * frames.shape[1] for k in range(len(frames))]
    period_us = round(used.view.frame_period_ns / 1e3)
    clock_us = [0]

    def run(_keep: Any = (alive, samples)) -> None:
        t_us = clock_us[0]
        for pointer in pointers:
            step(state, pointer, t_us, 0, out)
            t_us += period_us
        clock_us[0] = t_us

    return run


def _row(name: str, value: float, unit: str, floor: Floor) -> dict[str, Any]:
    row = {"name": name, "value": value, "unit": unit, "floor": floor.value, "ratio_to_floor": floor.value / value}
    return row | {"floor_is": floor.what}


def rows(budget_s: float) -> list[dict[str, Any]]:
    """All rows; budget_s: time for each figure and each floor."""
    found: list[dict[str, Any]] = []
    for used in (radar(**SMALL), radar()):
        fill, frames = synthesiser(used)
        made = FRAMES / seconds_per_call(fill, budget_s)
        c, numba = (FRAMES / seconds_per_call(chain(core, used, frames), budget_s) for core in ("c", "numba"))
        read = memory_floor(2.0 * frames.shape[1], budget_s, "the samples read once")
        ffts = fft_floor(used.view.n_samples, FFTS_PER_RX * used.view.n_rx, budget_s)
        found += [
            _row(f"C chain {used.name}, against FFT", c, "frames/s", ffts),
            _row(f"C chain {used.name}, against memory", c, "frames/s", read),
            _row(f"numba chain {used.name}", numba, "frames/s", Floor(c, "the C chain")),
            _row(
                f"synthesis {used.name}",
                made,
                "frames/s",
                Floor(read.value, "memory bandwidth, the samples written once"),
            ),
        ]
        found += [_row(*row) for row in blocks.rows(used, frames, c, budget_s)]
        real_time = used.view.frame_period_ns * 1e-9
    copy = spi.copy_floor(budget_s)
    found += [_row(name, value, "MB/s", copy) for name, value in spi.figures(budget_s).items()]
    found += [_row(*row) for row in (*line_rows.rows(budget_s), *virtual_board.rows(copy), *targets.rows())]
    found.append(_whole_night(Floor(real_time * min(made, c), "the slower of synthesis and C chain, one core each")))
    return found


def _whole_night(floor: Floor) -> dict[str, Any]:
    """Scene, chip, firmware, line, cloud process: virtual time over wall time."""
    from hw_sim import rig

    with tempfile.TemporaryDirectory() as folder:
        start_s = time.perf_counter()
        rig.run_night("single", out=Path(folder), hours=NIGHT_HOURS, seed=1)
        wall_s = time.perf_counter() - start_s
    return _row(f"night of {NIGHT_HOURS:g} h, set-up included", NIGHT_HOURS * 3600.0 / wall_s, "x real time", floor)


def as_text(found: list[dict[str, Any]]) -> list[str]:
    """One line for each row."""
    lines = [f"{'':<44}{'value':>12}{'floor':>12}{'ratio':>8}"]
    for row in found:
        figures = f"{row['value']:>12,.0f}{row['floor']:>12,.0f}{row['ratio_to_floor']:>8.2f}"
        lines.append(f"{row['name']:<44}{figures}  {row['unit']}; floor: {row['floor_is']}")
    return lines
