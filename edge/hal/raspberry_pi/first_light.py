"""The first look at a real chip: figures that say whether board, wires and radio are as they should be.

Rule: statistics only. No sample, no profile of the room and no name of anybody or anything leaves here; a row is one
figure, its limits and a verdict. Limits come from the datasheet and the emulated chip, none from a real board yet.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.config import RadarConfig
from edge.hal.raspberry_pi import chip_check
from edge.hal.raspberry_pi.chip_check import ChipBus, Programme
from edge.hal.raspberry_pi.i2c import CLOCK_ADDRESS
from edge.hal.raspberry_pi.troubles import ChipTrouble

Samples = npt.NDArray[np.uint16]
MIDDLE, FULL = 2048, 4095
SELF_CLEARING = 0xF
"""Bits of MAIN that read as 0 after they were written."""
DFT0, DFT1 = 0x57, 0x58
MEMORY_TEST, MEMORY_DONE, MEMORY_FAIL = 0xA00 | 1 << 5 | 1, 1 << 4, 1 << 3
MEMORY_TEST_US = 5000
SADC_START, SADC_BUSY = 1 << 4, 1 << 10
OPERATING_C = (-20.0, 70.0)
"""The product's operating range, as in native/include/sw_driver_temperature.h."""
TEST_FRAMES = 3
NEAR_BINS, FAR_FROM_BIN = 3, 32
"""Leakage and housing lie in the first bins; behind 1.4 m at this sweep there is little but noise and the supply."""
SERIAL_OF = 0x44
ROOM_PARTS = {CLOCK_ADDRESS: "clock chip", 0x44: "temperature and humidity", 0x10: "light"}


@dataclass(frozen=True)
class Row:
    """value None: could not be measured; why says so. low, high: limits, None for none."""

    name: str
    value: float | str | None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    why: str = ""
    failed: bool = False

    @property
    def ok(self) -> bool:
        if self.failed or self.value is None:
            return False
        if isinstance(self.value, str):
            return True
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)


def measure(bus: ChipBus, i2c: Any, n_frames: int, config: RadarConfig | None = None) -> list[Row]:
    """All rows. n_frames: of the noise measurement. Nothing should move in front of the radar."""
    wanted = chip_check.programme(config or RadarConfig())
    rows = _wires(bus, wanted)
    if rows[-1].failed:
        return rows
    rows += [_readback(bus, wanted), _generator(bus, wanted), _memory(bus, wanted), _temperature(bus, wanted)]
    rows += _frames(bus, wanted, n_frames, config or RadarConfig())
    bus.sleep()
    for address, what in ROOM_PARTS.items():
        asked = b"\x89" if address == SERIAL_OF else b"\0"  # a question without effect
        found = i2c.has_clock_chip if address == CLOCK_ADDRESS else i2c.transfer(address, asked, 0) is not None
        rows.append(Row(f"i2c_{address:02x}", f"{what} {'answers' if found else 'is absent'}"))
    return rows


def _wires(bus: ChipBus, wanted: Programme) -> list[Row]:
    rows = []
    looks: tuple[tuple[str, Callable[[], Any], str], ...] = (
        ("chip_id", lambda: f"{chip_check.identify(bus):06X}", ""),
        ("data_wires", lambda: chip_check.keeps_words(bus), "both patterns read back"),
        ("reset_wire", lambda: chip_check.resets(bus), "clears a register"),
        ("interrupt_wire", lambda: chip_check.interrupts(bus, wanted), "follows the FIFO"),
    )
    for name, look, well in looks:
        try:
            found = look()
            rows.append(Row(name, well or found))
        except (ChipTrouble, OSError) as trouble:
            rows.append(Row(name, None, why=str(trouble), failed=True))
            break
    return rows


def _readback(bus: ChipBus, wanted: Programme) -> Row:
    bus.configure(wanted)
    wrong = []
    for word in wanted.words:
        address, data = word >> 25, word & 0xFFFFFF
        mask = 0xFFFFFF & ~SELF_CLEARING if address == chip_check.MAIN else 0xFFFFFF
        if bus.read(address) & mask != data & mask:
            wrong.append(f"{address:02X}")
    return Row("registers_wrong", len(wrong), "", 0, 0, "registers " + " ".join(wrong) if wrong else "")


def _wait_frame(bus: ChipBus, wanted: Programme) -> int | None:
    """Time stamp of the next interrupt, ns; None: none came in ten frames."""
    stamps: list[int] = []

    def seen(t_ns: int) -> bool:
        stamps.append(t_ns)
        return True

    limit_s = 10 * wanted.frame_us / 1e6
    while bus.pins.request.wait_edge_events(limit_s):
        bus.pins.collect()
        while bus.pins.take(bus.pins.pins.interrupt, seen):
            pass
        if bus.pins.radar_irq():  # else an edge of our own accesses
            return stamps[-1] if stamps else None
    return None


def _read(bus: ChipBus, wanted: Programme) -> tuple[int, bytes]:
    """Status byte and samples; no samples when the frame is not whole."""
    try:
        return bus.frame(wanted)
    except OSError:
        return 0, b""


def unpack(packed: bytes) -> Samples:
    """Two 12-bit samples out of three bytes."""
    b = np.frombuffer(packed, np.uint8).astype(np.uint16).reshape(-1, 3)
    return np.stack([b[:, 0] << 4 | b[:, 1] >> 4, (b[:, 1] & 15) << 8 | b[:, 2]], axis=1).ravel().astype(np.uint16)


def generator(n: int) -> Samples:
    """The chip's test sequence, x^12 + x^11 + x^10 + x^4 + 1 from 1 on (datasheet, data test mode)."""
    state, found = 1, np.empty(n, np.uint16)
    for i in range(n):
        found[i] = state
        bit = (state ^ state >> 1 ^ state >> 2 ^ state >> 8) & 1
        state = state >> 1 | bit << 11
    return found


def _generator(bus: ChipBus, wanted: Programme) -> Row:
    """RX1 of some frames against the generator."""
    bus.start(wanted, lfsr=True)
    expected = generator(TEST_FRAMES * wanted.samples // wanted.n_rx).reshape(TEST_FRAMES, -1)
    wrong = 0
    for frame in expected:
        if _wait_frame(bus, wanted) is None:
            return Row("lfsr_wrong", None, why="no interrupt in test mode", failed=True)
        status, packed = _read(bus, wanted)
        if not packed:
            return Row("lfsr_wrong", None, why=f"status {status:02X} at a frame", failed=True)
        wrong += int((unpack(packed)[:: wanted.n_rx] != frame).sum())
    return Row("lfsr_wrong", wrong, "samples", 0, 0, "disturbed wires: shorten them, try a slower bus" if wrong else "")


def _memory(bus: ChipBus, wanted: Programme) -> Row:
    """The chip's own test of its sample memory."""
    bus.configure(wanted)
    bus.write(DFT0, MEMORY_TEST)
    bus.pause(MEMORY_TEST_US)
    state = bus.read(DFT1)
    bus.write(DFT0, 0x200)
    if not state & MEMORY_DONE:
        return Row("fifo_test", None, why="the chip's memory test does not end", failed=True)
    failed = bool(state & MEMORY_FAIL)
    return Row("fifo_test", "failed" if failed else "passed", failed=failed)


def _temperature(bus: ChipBus, wanted: Programme) -> Row:
    """V = 0.78984 + 0.00286 per degree against 1.21 V in 8 bits, shifted by two (datasheet)."""
    bus.configure(wanted)
    bus.write(chip_check.SADC_CTRL, SADC_START)
    bus.pause(1000)
    result = bus.read(chip_check.SADC_RESULT)
    if result & SADC_BUSY:
        return Row("temperature", None, "degC", why="the conversion does not end", failed=True)
    volts = ((result & 0x3FF) >> 2) / 256 * 1.21
    return Row("temperature", round((volts - 0.78984) / 0.00286, 1), "degC", *OPERATING_C)


def _frames(bus: ChipBus, wanted: Programme, n_frames: int, config: RadarConfig) -> list[Row]:
    """Figures of many frames, three at most in memory."""
    bus.configure(wanted)
    bus.start(wanted)
    shape = (config.n_chirps, config.n_samples, wanted.n_rx)
    figures, stamps, errors = Figures(shape), [], 0
    for _ in range(n_frames):
        stamp = _wait_frame(bus, wanted)
        status, packed = _read(bus, wanted) if stamp is not None else (0, b"")
        if stamp is None or not packed:
            errors += 1
            bus.start(wanted)
            if errors > n_frames // 10:
                break
            continue
        stamps.append(stamp)
        figures.add(unpack(packed).reshape(shape))
    return [Row("frames_lost", errors, "", 0, 0), *_timing(stamps, wanted), *figures.rows(config)]


def _timing(stamps: list[int], wanted: Programme) -> list[Row]:
    """Interrupts against the programmed frame period. The Pi's clock and the chip's differ by some 50 ppm at most."""
    if len(stamps) < 10:
        return [Row("interrupt_period", None, "ppm", why="too few frames", failed=True)]
    steps_us = np.diff(np.array(stamps, np.float64)) / 1000
    good = steps_us[np.abs(steps_us - wanted.frame_us) < wanted.frame_us / 2]
    period = float(np.median(good)) if len(good) else math.nan
    return [
        Row("interrupt_period", round((period / wanted.frame_us - 1) * 1e6, 1), "ppm", -500.0, 500.0),
        Row("interrupt_jitter", round(float(np.std(good)), 1), "us", None, 2000.0),
    ]


class Figures:
    """Running sums over frames uint16[chirp, sample, rx]."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._shape = shape
        self._n = self._saturated = 0
        self._sum = np.zeros(shape)
        self._before: npt.NDArray[np.float64] | None = None
        self._change = np.zeros(shape[2])
        self._spectrum = np.zeros((shape[1] // 2 + 1, shape[2]))

    def add(self, frame: Samples) -> None:
        self._n += 1
        self._saturated += int(((frame == 0) | (frame == FULL)).sum())
        now = frame.astype(np.float64)
        self._sum += now
        if self._before is not None:  # what stands still goes away; noise stays, twice
            change = now - self._before
            self._change += (change**2).mean(axis=(0, 1)) / 2
            spectrum = np.fft.rfft(change * np.hanning(self._shape[1])[None, :, None], axis=1)
            self._spectrum += (np.abs(spectrum) ** 2).mean(axis=0) / 2
        self._before = now

    def rows(self, config: RadarConfig) -> list[Row]:
        """Per antenna: noise, offset, leakage, supply line; and saturation."""
        if self._n < 2:
            return [Row("noise", None, "counts", why="too few frames", failed=True)]
        mean = self._sum / self._n
        share = self._saturated / (self._n * math.prod(self._shape))
        rows = [Row("saturated", round(100 * share, 4), "%", None, 0.1)]
        still = np.abs(np.fft.rfft((mean - mean.mean(axis=1, keepdims=True)).mean(axis=0), axis=0))
        antennas = [n + 1 for n in range(3) if config.rx_mask >> n & 1]
        for i, rx in enumerate(antennas):
            noise = math.sqrt(self._change[i] / (self._n - 1))
            far = self._spectrum[FAR_FROM_BIN:, i]
            peak = int(np.argmax(far))
            line_db = 10 * math.log10(max(far[peak], 1e-12) / max(float(np.median(far)), 1e-12))
            line_khz = (FAR_FROM_BIN + peak) * config.sample_rate_hz / self._shape[1] / 1000
            floor = max(float(np.median(still[FAR_FROM_BIN:, i])), 1e-9)
            leakage_db = 20 * math.log10(max(float(still[1 : NEAR_BINS + 1, i].max()), 1e-9) / floor)
            rows += [
                Row(
                    f"noise_rx{rx}", round(noise, 2), "counts", 0.3, 60.0, "the antenna is dead?" if noise < 0.3 else ""
                ),
                Row(f"offset_rx{rx}", round(float(mean[..., i].mean()) - MIDDLE, 1), "counts", -200.0, 200.0),
                Row(f"leakage_rx{rx}", round(leakage_db, 1), "dB over the far bins", None, 90.0),
                Row(f"supply_line_rx{rx}", round(line_db, 1), f"dB over noise, at {line_khz:.0f} kHz", None, 15.0),
            ]
        return rows
