"""The figures of a radar configuration as a table for a person.

Rule: every number has its unit beside it; what follows from the registers to the clock is shown to the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

WIDTH = 100
SI = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "u"))

Row = tuple[str, str, str]
"""label, value with unit, remark"""


def si(value: float, unit: str, digits: int = 4) -> str:
    """3.416 GHz"""
    scale, prefix = next((one for one in SI if abs(value) >= one[0]), (1, ""))
    return f"{value / scale:.{digits}g} {prefix}{unit}"


def lines(found: Mapping[str, Any], source: str, warnings: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """The whole text, line by line."""
    yield source
    sections = {"sweep": sweep(found), "range": distances(found), "time": times(found), "data": data(found)}
    for title, rows in sections.items():
        yield ""
        for i, (label, value, remark) in enumerate(rows):
            yield f"{title if i == 0 else '':<7}{label:<22}{value:<25}{remark}".rstrip()
    if warnings:
        yield ""
    for one in warnings:
        body = wrap(one["text"], WIDTH - 9)
        yield from (f"{'warning' if i == 0 else '':<9}{part}" for i, part in enumerate(body))


def sweep(f: Mapping[str, Any]) -> list[Row]:
    sampled = f"{si(f['bandwidth_sampled_hz'], 'Hz')} of it sampled, from {f['first_sample_hz'] / 1e9:.4f} GHz"
    return [
        (
            "start to end",
            f"{f['start_hz'] / 1e9:.4f} to {f['end_hz'] / 1e9:.4f} GHz",
            "power amplifier on to end of ramp",
        ),
        ("bandwidth", si(f["bandwidth_declared_hz"], "Hz"), sampled),
        ("slope", f"{f['slope_mhz_per_us']:.3f} MHz/us", ""),
        ("antennas", ", ".join(map(str, f["rx_antennas"])) or "none", f"TX level {f['tx_power_level']} of 31"),
        ("gain", each(f["if_gain_db"], "{} dB"), ""),
    ]


def distances(f: Mapping[str, Any]) -> list[Row]:
    folds = f"from {metres(f['range_alias_free_m'])} on echoes fold into the pass band"
    between = f"{si(f['velocity_between_frames_m_per_s'], 'm/s', 3)} from frame to frame"
    return [
        ("range resolution", f"{f['range_resolution_m'] * 100:.2f} cm", "of the sampled band"),
        ("last range bin", metres(f["range_max_m"]), folds),
        ("high-pass corner", metres(f["range_high_pass_m"]), each([v / 1e3 for v in f["high_pass_hz"]], "{:g} kHz")),
        ("anti-alias corner", metres(f["range_anti_alias_m"]), f"{f['anti_alias_hz'] / 1e3:g} kHz"),
        ("highest velocity", f"+-{si(f['velocity_max_m_per_s'], 'm/s')}", between),
        ("velocity resolution", si(f["velocity_resolution_m_per_s"], "m/s"), ""),
    ]


def times(f: Mapping[str, Any]) -> list[Row]:
    clock = f"clocks of {f['reference_hz'] / 1e6:g} MHz"
    shares = {name: f[f"share_{name.replace(' ', '_')}"] for name in ("awake", "idle", "deep sleep", "waking")}
    rest = ", ".join(f"{name} {share:.1%}" for name, share in shares.items() if share)
    modes = f"{f['mode_between_frames']} between frames"
    return [
        (
            "samples",
            f"{f['n_samples']} at {si(f['sample_rate_hz'], 'Hz')}",
            f"a chirp takes {si(f['chirp_time_s'], 's')}",
        ),
        ("chirps", f"{f['n_chirps']} every {si(f['chirp_period_s'], 's', 6)}", f"{f['chirp_period_clocks']} {clock}"),
        (
            "frames",
            f"1 every {si(f['frame_period_s'], 's', 7)}",
            f"{f['frame_period_clocks']} clocks, {f['frames_per_s']:.6g}/s",
        ),
        ("first frame after", si(f["first_frame_after_s"], "s"), ""),
        ("chirping", f"{f['share_chirping']:.1%} of the time", rest),
        ("between chirps", f["mode_between_chirps"], modes),
    ]


def data(f: Mapping[str, Any]) -> list[Row]:
    advised = f["irq_threshold_advised_samples"]
    note = "" if advised == f["irq_threshold_samples"] else f"{advised} would serve better"
    bus = f"{f['frame_bytes']} bytes in {si(f['spi_frame_s'], 's')} at {si(f['spi_hz'], 'Hz')}"
    return [
        ("samples a frame", f"{f['frame_samples']}", f"{f['fifo_share']:.1%} of the FIFO"),
        ("interrupt at", f"{f['irq_threshold_samples']} samples", note),
        ("SPI load", f"{f['spi_share']:.2%}", bus),
        ("raw data", si(f["data_bytes_per_s"], "B/s"), f"{si(f['data_bytes_per_s'] * 3600, 'B')} an hour"),
    ]


def metres(value: float) -> str:
    return f"{value:.3f} m" if value < 10 else f"{value:.1f} m"


def each(values: Sequence[float], form: str) -> str:
    """One value when all antennas have it, else all of them."""
    shown = [form.format(one) for one in values]
    return ", ".join(shown if len(set(shown)) > 1 else shown[:1]) or "-"
