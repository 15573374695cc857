"""What is doubtful about a radar configuration: a table of rules, each with a name that stays.

Rule: a rule looks and says, in one sentence with the numbers in it; it changes nothing. A sound configuration is silent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from front.radar.decode import DEEP_SLEEP, FIFO_SAMPLES, REFERENCES_HZ, Decoded, Fields
from front.radar.figures import ANTI_ALIAS_HZ, figures
from front.radar.listing import WRITE, Listing

BED_M = (0.3, 2.0)
"""Where a sleeper's chest is, from a bedside."""
SLOW_BUS_HZ, FAST_BUS_HZ = 25e6, 50e6
BUSY_BUS = 0.5
OLD_TOOL_CLOCKS = 9
WAKE_UP_S = 0.95e-3


@dataclass(frozen=True)
class Subject:
    """A list and what follows from it. declared: macros, or keys of the JSON under the macros' names."""

    listing: Listing
    decoded: Decoded
    spi_hz: float
    registers: Mapping[int, int] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, Any]:
        return figures(self.decoded, self.spi_hz)

    @property
    def at(self) -> Fields:
        return Fields(self.registers)

    def declared(self, name: str) -> tuple[Fraction, Fraction] | None:
        """A macro's value and half of its last printed digit; None when it is not there or no number."""
        text = self.listing.declared.get(name, "")
        found = re.fullmatch(r"([-+]?\d+)(?:\.(\d*))?(?:[eE]([-+]?\d+))?[fFlL]*", text)
        if found is None:
            return None
        digits, power = len(found[2] or ""), int(found[3] or 0)
        return Fraction(re.sub(r"[fFlL]+$", "", text)), Fraction(10) ** (power - digits) / 2


EXPORTED_BITS = {0x07: 0x01FFE0}
"""Bits outside the register table that every exported list sets."""

Check = Callable[[Subject], Iterator[str]]
RULES: dict[str, Check] = {}


def rule(check: Check) -> Check:
    """Enters a function into the table under its own name."""
    RULES[check.__name__] = check
    return check


def warnings(subject: Subject) -> list[dict[str, str]]:
    """[{"rule", "text"}], in the order of the table."""
    return [{"rule": name, "text": text} for name, check in RULES.items() for text in check(subject)]


@rule
def not_a_write(s: Subject) -> Iterator[str]:
    for word in s.listing.words:
        if not word & WRITE:
            yield f"word 0x{word:08x} is a read: the chip ignores its data"


@rule
def written_twice(s: Subject) -> Iterator[str]:
    for address, n in sorted(Counter(word >> 25 for word in s.listing.words if word & WRITE).items()):
        if n > 1:
            yield f"register 0x{address:02X} is written {n} times; the last, 0x{s.registers[address]:06X}, holds"


@rule
def reserved_bits(s: Subject) -> Iterator[str]:
    from hw_sim.chip.chip import REGISTERS, field_table

    known = {row.address: row for row in REGISTERS.values()}
    masks: Counter[str] = Counter()
    for one in field_table():
        masks[one.register] += (1 << one.high - one.low + 1) - 1 << one.low
    for address, data in sorted(s.registers.items()):
        row = known.get(address)
        if row is None or not row.writable:
            yield f"0x{address:02X} is no register that can be written"
        elif odd := (data ^ row.reset_value) & ~(masks[row.name] | EXPORTED_BITS.get(address, 0)) & 0xFFFFFF:
            yield f"{row.name} (0x{address:02X}): reserved bits 0x{odd:06X} are not at their reset value"


@rule
def clock_off(s: Subject) -> Iterator[str]:
    if not s.at(0x04, 23, 23):
        yield "OSCCLKEN (PACR1 bit 23) is 0: the oscillator's clock is off, FRAME_START will do nothing"


@rule
def reference_clock(s: Subject) -> Iterator[str]:
    divider = s.at(0x05, 4, 0)
    if divider not in REFERENCES_HZ:
        yield f"DIVSET is {divider}: made for no known reference clock (20: 80 MHz, 21: 76.8 MHz)"


@rule
def nothing_sampled(s: Subject) -> Iterator[str]:
    if not s.decoded.rx_antennas or not s.decoded.n_samples:
        yield "no antenna is sampled (BBCH_SEL, MADC_EN or APU is 0)"
    if not s.at(0x37, 4, 4) or not s.at(0x16, 4, 4):
        yield "shape 1 or channel set 1 is not enabled (SH_EN, CS_EN)"


@rule
def more_than_one_shape(s: Subject) -> Iterator[str]:
    shapes = [n + 1 for n in range(4) if s.at(0x37 + 8 * n, 4, 4)]
    sets = [n + 1 for n in range(4) if s.at(0x16 + 7 * n, 4, 4)]
    down = any(s.registers.get(address, 0) for address in (0x34, 0x35)) or s.at(0x36, 13, 0)
    if down or shapes not in ([], [1]) or sets not in ([], [1]) or s.at(0x16, 3, 0):
        what = (
            f"shapes {shapes}, channel sets {sets}{', a down-chirp' if down else ''}, {2 ** s.at(0x16, 3, 0)} of a set"
        )
        yield f"the figures are of shape 1's up-chirp with channel set 1 alone; the list has {what}"


@rule
def continuous_wave(s: Subject) -> Iterator[str]:
    if s.at(0x00, 16, 16):
        yield "CW_MODE: the chip holds one frequency and makes no frames"


@rule
def not_transmitting(s: Subject) -> Iterator[str]:
    if not s.at(0x10, 0, 0) or not s.decoded.tx_power_level:
        yield "the transmitter is off (TX_EN or TX_DAC is 0)"


@rule
def outside_band(s: Subject) -> Iterator[str]:
    low, high = sorted((float(s.decoded.start_hz), float(s.decoded.end_hz)))
    if low < 57e9 or high > 64e9:
        yield f"the sweep, {low / 1e9:.3f} to {high / 1e9:.3f} GHz, leaves the chip's 57 to 64 GHz"


@rule
def steep_ramp(s: Subject) -> Iterator[str]:
    slope = s.figures["slope_mhz_per_us"]
    if not 0 < slope <= 400:
        yield f"the ramp's slope is {slope:.2f} MHz/us; expected above 0 and at most 400"


@rule
def sampled_after_ramp(s: Subject) -> Iterator[str]:
    late = s.decoded.sampling_end - s.decoded.ramp_end
    if late > 0:
        yield f"the last samples are taken {late * 1e6 / s.decoded.reference_hz:.2f} us after the end of the ramp"


@rule
def fast_converter(s: Subject) -> Iterator[str]:
    if s.decoded.adc_div < 20:
        yield f"ADC_DIV is {s.decoded.adc_div}: the converter needs at least 20 clocks a sample"


@rule
def antennas_differ(s: Subject) -> Iterator[str]:
    for what, values in (("gains, dB,", s.decoded.gains_db), ("high-pass corners, Hz,", s.decoded.hp_cutoffs_hz)):
        if len(set(values)) > 1:
            yield f"{what} differ between the antennas: {', '.join(map(str, values))}"


@rule
def short_wake_up(s: Subject) -> Iterator[str]:
    wake_s = float(s.decoded.seconds(s.decoded.wake_up))
    if wake_s < WAKE_UP_S and max(s.decoded.frame_pause_mode, s.decoded.chirp_pause_mode) >= DEEP_SLEEP:
        yield f"waking up from deep sleep takes {wake_s * 1e6:.0f} us; supplies want 1 ms"


@rule
def frames_end(s: Subject) -> Iterator[str]:
    if s.decoded.max_frames:
        yield f"the chip stops after {s.decoded.max_frames} frames (MAX_FRAME_CNT)"


@rule
def prefix_on(s: Subject) -> Iterator[str]:
    if s.at(0x06, 18, 18):
        yield "PREFIX_EN: three words of header go before every chirp; most drivers do not expect them"


@rule
def test_mode_on(s: Subject) -> Iterator[str]:
    if s.at(0x06, 17, 17):
        yield "LFSR_EN: antenna 1 delivers a test sequence, not the radar" + (
            "" if 1 in s.decoded.rx_antennas else "; antenna 1 is off, so nothing is replaced"
        )


@rule
def high_speed_flag(s: Subject) -> Iterator[str]:
    flag = s.at(0x06, 16, 16)
    if s.spi_hz > FAST_BUS_HZ:
        yield f"SPI at {s.spi_hz / 1e6:g} MHz: the chip allows 50"
    elif not flag and s.spi_hz > SLOW_BUS_HZ:
        yield f"MISO_HS_RD is 0 and SPI runs at {s.spi_hz / 1e6:g} MHz: above 25 MHz the data come too late without it"
    elif flag and s.spi_hz <= SLOW_BUS_HZ:
        yield f"MISO_HS_RD is 1 and SPI runs at {s.spi_hz / 1e6:g} MHz: data come half a clock early; 0 is for this speed"


@rule
def fifo_overflow(s: Subject) -> Iterator[str]:
    d = s.decoded
    if d.frame_samples <= FIFO_SAMPLES:
        return
    fill = len(d.rx_antennas) * d.n_samples / float(d.seconds(d.chirp_period))
    drain = s.spi_hz / 12
    over = d.frame_samples * (1 - min(drain / fill, 1)) > FIFO_SAMPLES - d.threshold
    risk = (
        f"and SPI is too slow for that: {drain / 1e6:.2f} of {fill / 1e6:.2f} million samples/s" if over else "in time"
    )
    yield f"a frame of {d.frame_samples} samples does not fit the FIFO's {FIFO_SAMPLES}: it must be read in slices, {risk}"


@rule
def slow_bus(s: Subject) -> Iterator[str]:
    share = s.figures["spi_share"]
    if share > BUSY_BUS:
        what = "the FIFO will overflow" if share >= 1 else "little is left for a late driver"
        yield f"reading takes {share:.0%} of the time at {s.spi_hz / 1e6:g} MHz: {what}"


@rule
def interrupt_threshold(s: Subject) -> Iterator[str]:
    d = s.decoded
    if d.threshold > min(d.frame_samples, FIFO_SAMPLES):
        yield f"FIFO_CREF waits for {d.threshold} samples, a frame has {d.frame_samples}; does the driver set its own?"
    elif d.threshold <= 2 and d.frame_samples > 2:
        yield "FIFO_CREF is 0: the interrupt rises at the first word"


@rule
def odd_samples(s: Subject) -> Iterator[str]:
    if s.decoded.frame_samples % 2:
        yield f"a frame has {s.decoded.frame_samples} samples: the last word of every other frame waits for the next one"


@rule
def aliases(s: Subject) -> Iterator[str]:
    if s.decoded.sample_rate_hz / 2 < ANTI_ALIAS_HZ:
        near, far = s.figures["range_max_m"], s.figures["range_anti_alias_m"]
        yield f"echoes from {near:.1f} to {far:.1f} m pass the anti-alias filter and appear nearer than they are"


@rule
def bed_out_of_sight(s: Subject) -> Iterator[str]:
    f, (near, far) = s.figures, BED_M
    if f["range_high_pass_m"] > near:
        yield f"an echo at {near} m lies below the high-pass corner ({f['range_high_pass_m']:.2f} m)"
    if min(f["range_anti_alias_m"], f["range_max_m"]) < far:
        limit, what = min((f["range_anti_alias_m"], "the anti-alias corner"), (f["range_max_m"], "the last range bin"))
        yield f"an echo at {far:g} m lies beyond {what} ({limit:.2f} m)"


@rule
def declared_antennas(s: Subject) -> Iterator[str]:
    n, said = len(s.decoded.rx_antennas), s.declared("NUM_RX_ANTENNAS")
    if said is not None and said[0] != n:
        tool = ": versions of the vendor's tool always write 1" if said[0] == 1 else ""
        yield f"NUM_RX_ANTENNAS says {said[0]}, the list has {n}{tool}"


@rule
def declared_counts(s: Subject) -> Iterator[str]:
    truth = {
        "NUM_SAMPLES_PER_CHIRP": s.decoded.n_samples,
        "NUM_CHIRPS_PER_FRAME": s.decoded.n_chirps,
        "NUM_REGS": len(s.listing.words),
    }
    for name, value in truth.items():
        said = s.declared(name)
        if said is not None and said[0] != value:
            yield f"{name} says {said[0]}, the list has {value}"


@rule
def declared_rates(s: Subject) -> Iterator[str]:
    d = s.decoded
    truth = (
        ("START_FREQ_HZ", d.start_hz, 1000 + Fraction(1, 2)),
        ("END_FREQ_HZ", d.end_hz, 1000 + d.end_unit_hz),
        ("SAMPLE_RATE", d.sample_rate_hz, Fraction(1)),
    )
    for name, value, within in truth:
        said = s.declared(name)
        if said is not None and abs(said[0] - value) > within + said[1]:
            yield f"{name} says {float(said[0]):.0f} Hz, the list makes {float(value):.0f} Hz"


@rule
def declared_times(s: Subject) -> Iterator[str]:
    d = s.decoded
    times = (("CHIRP_REPETITION_TIME_S", d.chirp_period, 1), ("FRAME_REPETITION_TIME_S", d.frame_period, d.n_chirps))
    for name, clocks, n_chirps in times:
        said = s.declared(name)
        if said is None:
            continue
        value, half_digit = said
        within = half_digit + d.seconds(1) / 2
        if abs(value - d.seconds(clocks)) > within:
            old = abs(value - d.seconds(clocks - OLD_TOOL_CLOCKS * n_chirps)) <= within
            why = ", 9 clocks a chirp more: older versions of the vendor's tool leave them out" if old else ""
            yield f"{name} says {float(value):.9g} s, the list makes {float(d.seconds(clocks)):.9g} s{why}"


@rule
def frame_longer_than_period(s: Subject) -> Iterator[str]:
    chirp, frame = s.declared("CHIRP_REPETITION_TIME_S"), s.declared("FRAME_REPETITION_TIME_S")
    if chirp and frame and chirp[0] * (s.decoded.n_chirps - 1) > frame[0]:
        yield f"{s.decoded.n_chirps} chirps of {float(chirp[0]):g} s are declared for a frame of {float(frame[0]):g} s"
