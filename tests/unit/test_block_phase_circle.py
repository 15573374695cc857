"""Phase circle: the reference against synthetic circles, then C against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.random import Generator, Philox
from numpy.typing import NDArray

from edge.blocks import circle_fit, phase_circle
from edge.blocks import parameters as p
from edge.blocks.geometry import GEOMETRY
from edge.core import load

FFI, LIB = load()
CHANNELS, SAMPLES = phase_circle.CHANNELS, phase_circle.SAMPLES
BINS, FIRST, LAST = 128, 5, 40
HEARD = (11, 12, 10, 13)  # from the strongest on
RADIUS, CLUTTER = 10.0, 300.0  # ADC counts
Complex = NDArray[np.complex128]
Real = NDArray[np.float64]


def breathing(arc_rad: float, n: int = SAMPLES) -> Real:
    """A phase with a slow and a quick half, this rms, at most 0.25 Hz and 1.8 rad a sample: float64[n]."""
    turn = min(2 * np.pi * 0.025, 1.8 / (1.9 * arc_rad))
    t = turn * np.arange(n)
    phase = np.sin(t) + 0.15 * np.sin(2 * t + 1)
    return np.asarray(arc_rad * (phase - phase.mean()) / phase.std())


def circles(phase: Real, noise: float, seed: int) -> tuple[Complex, Complex, Complex]:
    """Channels of one common phase. noise: standard deviation of each part, ADC counts.

    Returns centre and radius, complex128[channel], and signals, complex128[sample, channel].
    """
    rng = Generator(Philox(seed))
    centre = CLUTTER * rng.normal(size=(CHANNELS, 2)).view(np.complex128)[:, 0]
    radius = RADIUS * rng.uniform(0.3, 1.5, CHANNELS) * np.exp(2j * np.pi * rng.uniform(size=CHANNELS))
    grain = rng.normal(size=(len(phase), CHANNELS, 2)).view(np.complex128)[:, :, 0]
    return centre, radius, centre + radius * np.exp(1j * phase)[:, None] + noise * grain


def excess() -> NDArray[np.float32]:
    """Coherent power per range bin: HEARD stand out, one more is too weak to be heard."""
    power = np.full(LIB.SW_WATCH_BINS, 0.1, np.float32)
    power[list(HEARD)] = 100, 90, 80, 70
    return power


class Reference:
    """The reference block behind the interface of the C block."""

    def __init__(self, n_rx: int = 3, power: NDArray[np.float32] | None = None) -> None:
        geometry: np.void = np.zeros(1, GEOMETRY)[0]
        geometry["n_rx"] = n_rx
        self.state: np.void = np.zeros(1, phase_circle.STATE)[0]
        given = excess() if power is None else power
        phase_circle.listen(self.state, geometry, given, FIRST, LAST, p.CHANNEL_SHARE)

    def feed(self, signals: Complex) -> None:
        for profile in profiles(signals):
            phase_circle.remember(self.state, profile)

    def fit(self, noise: float) -> Any:
        phase_circle.fit(self.state, noise)
        return self.state

    def heard(self) -> list[tuple[int, int]]:
        n = self.state["channels"]
        return list(zip(self.state["bin"][:n].tolist(), self.state["rx"][:n].tolist(), strict=True))


class InC:
    """The C block; fit returns its results under the names of the reference's state."""

    def __init__(self, n_rx: int = 3, power: NDArray[np.float32] | None = None) -> None:
        self.state, self.scratch = FFI.new("sw_phase_circle *"), FFI.new("sw_phase_circle_scratch *")
        self.profile = FFI.new("sw_profile *")
        assert LIB.sw_phase_circle_init(self.state, [(n_rx,)]) == 0
        given = FFI.from_buffer("float[]", excess() if power is None else power)
        LIB.sw_phase_circle_listen(self.state, given, FIRST, LAST, p.CHANNEL_SHARE)

    def feed(self, signals: Complex) -> None:
        lanes = np.frombuffer(FFI.buffer(self.profile), np.float32).reshape(2, LIB.SW_MAX_BINS, LIB.SW_LANES)
        for x in profiles(signals):
            lanes[0, :BINS, :3], lanes[1, :BINS, :3] = x.T.real, x.T.imag
            LIB.sw_phase_circle_remember(self.state, self.profile)

    def fit(self, noise: float) -> Any:
        state = self.state
        FFI.buffer(self.scratch)[:] = b"\xff" * FFI.sizeof("sw_phase_circle_scratch")  # NaN: nothing in it counts
        LIB.sw_phase_circle_fit(state, noise, self.scratch)
        return {
            "centre": pairs(state.channels.centre_re, state.channels.centre_im),
            "radius": pairs(state.radius.re, state.radius.im),
            "phase": np.array(list(state.phase)),
            **{name: getattr(state, name) for name in ("fitted", "radius_power", "arc_rad", "residual")},
        }

    def heard(self) -> list[tuple[int, int]]:
        channels = self.state.channels
        return list(zip(list(channels.bin)[: channels.n], list(channels.lane)[: channels.n], strict=True))


def pairs(re: Any, im: Any) -> Complex:
    return np.array(list(re)) + 1j * np.array(list(im))


def profiles(signals: Complex) -> NDArray[np.complex64]:
    """Channel i of the signals on antenna i % 3 of range bin HEARD[i // 3]: complex64[sample, rx, range_bin]."""
    x = np.zeros((len(signals), 3, BINS), np.complex64)
    for i in range(CHANNELS):
        x[:, i % 3, HEARD[i // 3]] = signals[:, i]
    return x


BOTH = pytest.mark.parametrize("block", [Reference, InC])
Block = type[Reference] | type[InC]

# noise 0.3 counts a part, radii 3..15. rms phase -> largest relative error of its scale, of the centres
# (over the radii), rms error of the phase in rad. Above CIRCLE_WIDE_RAD a fit that began as a small arc may stay
# one while it leaves less than CIRCLE_DOUBT: hence the larger errors there.
ACCURACY = [
    (0.3, 0.08, 0.08, 0.03),
    (0.5, 0.03, 0.03, 0.02),
    (1.0, 0.01, 0.02, 0.02),
    (2.0, 0.01, 0.02, 0.02),
    (3.0, 0.01, 0.10, 0.06),
    (5.0, 0.02, 0.30, 0.25),
    (8.0, 0.02, 0.30, 0.25),
    (16.0, 0.02, 0.30, 0.25),
]


@BOTH
@pytest.mark.parametrize(("arc_rad", "scale", "centres", "rms_rad"), ACCURACY)
def test_recovers_phase_centres_and_radii(
    block: Block, arc_rad: float, scale: float, centres: float, rms_rad: float
) -> None:
    for seed in range(4):
        phase = breathing(arc_rad)
        centre, radius, signals = circles(phase, 0.3, seed)
        circle = block()
        circle.feed(signals)
        found = circle.fit(2 * 0.3**2)
        read = found["phase"] - found["phase"].mean()
        power = np.sum(np.abs(radius) ** 2)
        assert read @ phase / (phase @ phase) == pytest.approx(1, abs=scale)  # sign and scale
        assert np.std(read - phase) < rms_rad
        assert np.sqrt(np.sum(np.abs(found["centre"] - centre) ** 2) / power) < centres
        assert np.sqrt(np.sum((np.abs(found["radius"]) - np.abs(radius)) ** 2) / power) < centres
        assert found["radius_power"] == pytest.approx(power, rel=2.5 * centres)
        assert found["arc_rad"] == pytest.approx(arc_rad, rel=scale)
        assert found["residual"] < p.CIRCLE_DOUBT


@BOTH
def test_channels_need_not_have_clutter(block: Block) -> None:
    centre, _, signals = circles(breathing(1.0), 0.0, 1)
    circle = block()
    circle.feed(signals - centre)
    found = circle.fit(0.0)
    assert np.abs(found["centre"]).max() < 0.05
    assert found["residual"] < 1e-4


@BOTH
def test_a_ring_full_of_memory_forgets_the_oldest(block: Block) -> None:
    phase = breathing(1.0, SAMPLES + 57)
    centre, _, signals = circles(phase, 0.05, 2)
    signals[:57] = 1e4
    circle = block()
    circle.feed(signals)
    assert np.abs(circle.fit(0.005)["centre"] - centre).max() < 0.3


@BOTH
def test_noise_alone_is_left_over(block: Block) -> None:
    for seed in range(10):
        circle = block()
        circle.feed(Generator(Philox(seed)).normal(size=(SAMPLES, CHANNELS, 2)).view(np.complex128)[:, :, 0])
        found = circle.fit(2.0)
        assert found["residual"] > 0.5
        assert np.isfinite(found["phase"]).all() and np.isfinite(found["centre"]).all()


@BOTH
@pytest.mark.parametrize("signals", [np.zeros((0, CHANNELS)), np.full((SAMPLES, CHANNELS), 700 + 20j)])
def test_nothing_that_moves_gives_no_fit(block: Block, signals: Complex) -> None:
    circle = block()
    circle.feed(signals)
    assert circle.fit(1.0)["fitted"] == 0


@BOTH
def test_listens_to_the_strongest_bins_on_every_antenna(block: Block) -> None:
    assert block().heard() == [(k, rx) for k in HEARD for rx in range(3)]
    assert block(n_rx=1).heard() == [(k, 0) for k in HEARD]  # nothing else reaches the share
    power = np.arange(LIB.SW_WATCH_BINS, dtype=np.float32)
    assert [k for k, _ in block(n_rx=1, power=power).heard()] == list(range(LAST, LAST - CHANNELS, -1))
    assert block(power=np.zeros(LIB.SW_WATCH_BINS, np.float32)).heard() == []


@BOTH
def test_fewer_channels_after_a_new_start_carry_nothing_over(block: Block) -> None:
    circle = block()
    circle.feed(circles(breathing(1.0), 0.3, 1)[2])
    power = excess()
    power[list(HEARD[2:])] = 0
    if isinstance(circle, Reference):
        return  # its loops end at the last channel
    LIB.sw_phase_circle_listen(circle.state, FFI.from_buffer("float[]", power), FIRST, LAST, p.CHANNEL_SHARE)
    centre, _, signals = circles(breathing(1.0, 60), 0.05, 2)
    circle.feed(signals)
    found = circle.fit(0.005)
    assert np.abs(found["centre"][:6] - centre[:6]).max() < 0.5
    assert not found["centre"][6:].any() and not found["radius"][6:].any()


def margins(state: np.void, noise: float) -> list[float]:
    """How far the quantities that decide in the coming fit lie from their thresholds, by the reference's parts."""
    n = int(state["samples"])
    s = np.roll(state["memory"], -int(state["head"]), axis=0)[-n:].astype(np.complex128)
    s -= s.mean(axis=0)
    total, state = float(np.sum(np.abs(s) ** 2)), state.copy()
    phase, other, spare = np.zeros(n), np.zeros(n), [np.zeros(CHANNELS, np.complex128) for _ in range(3)]
    scale = phase_circle.small_arc(state, s, phase)
    if scale > p.CIRCLE_ARC_RAD:
        phase_circle.refine(s, phase, spare[0], spare[1])
    best = circle_fit.residual(s, phase, total) - noise * n * CHANNELS / total
    if best < p.CIRCLE_DOUBT:
        return [scale - p.CIRCLE_ARC_RAD, best - p.CIRCLE_DOUBT]
    phase_circle.large_arc(s, noise, other, spare[2])
    arc = float(np.std(other))
    if arc <= p.CIRCLE_WIDE_RAD:
        phase_circle.refine(s, other, spare[0], spare[1])
    left = circle_fit.residual(s, other, total) - noise * n * CHANNELS / total
    return [
        scale - p.CIRCLE_ARC_RAD,
        best - p.CIRCLE_DOUBT,
        best - p.CIRCLE_FAILED,
        left - p.CIRCLE_BETTER * best,
        arc - p.CIRCLE_ARC_RAD,
        arc - p.CIRCLE_WIDE_RAD,
    ]


TOLERANCE = 2e-4  # of residual, arc over 1 + arc, centre and radius over the rms radius; phase: rad per 1 + arc


@pytest.mark.parametrize("noise", [0.02, 0.3, 1.5])
@pytest.mark.parametrize("arc_rad", [0.05, 0.2, 0.3, 0.45, 1.0, 1.4, 1.8, 4.0, 12.0])
def test_c_equals_reference(arc_rad: float, noise: float) -> None:
    _, _, signals = circles(breathing(arc_rad, 250), noise, 5)
    reference, c = Reference(), InC()
    compared = 0
    for now in range(30, 250, 10):
        fresh = signals[now - (30 if now == 30 else 10) : now]
        reference.feed(fresh)
        c.feed(fresh)
        decided = min(np.abs(margins(reference.state, 2 * noise**2))) > TOLERANCE
        wanted, found = reference.fit(2 * noise**2), c.fit(2 * noise**2)
        if not decided:
            continue
        compared += 1
        n, size, arc = wanted["samples"], np.sqrt(wanted["radius_power"]), float(wanted["arc_rad"])
        assert found["arc_rad"] == pytest.approx(arc, abs=TOLERANCE * (1 + arc))
        assert found["residual"] == pytest.approx(float(wanted["residual"]), abs=TOLERANCE)
        assert np.abs(found["centre"] - wanted["centre"]).max() < TOLERANCE * size
        assert np.abs(found["radius"] - wanted["radius"]).max() < TOLERANCE * size
        assert np.abs(found["phase"] - wanted["phase"])[:n].max() < TOLERANCE * (1 + arc)
    assert compared >= 20  # of 22


def test_wrong_number_of_antennas_is_named() -> None:
    state = FFI.new("sw_phase_circle *")
    assert [LIB.sw_phase_circle_init(state, [(n,)]) for n in (0, 4)] == [LIB.SW_ERROR_PARAMETER] * 2
