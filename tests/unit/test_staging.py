"""The stage model as it runs: causal, bounded, restartable, honest about what it does not know."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from numpy.random import Generator, Philox

from cloud.epoch_input import EpochInput
from cloud.staging import Staged, Staging, step
from cloud.staging.features import BASELINE_EPOCHS, MOVEMENTS, NAMES
from cloud.staging.model import FILE, ModelError, Stored, arrays, read
from cloud.staging.seeds import TEST_SEEDS, TRAINING_FROM, SeedError, check_training
from cloud.staging.stage import ENOUGH_S, FORGET_EPOCHS, OUT_OF_BED, TOO_LITTLE

T0, EPOCH_US = 1_770_000_000_000_000, 30_000_000


def breathing(n: int, seed: int = 1, irregular: float = 0.1, at: int = 0) -> list[EpochInput]:
    """n epochs of somebody breathing about 14 times a minute, moving now and then."""
    rng = Generator(Philox(seed))
    starts = np.cumsum(60 / 14 * np.exp(irregular * rng.standard_normal(n * 12))) - 8
    t_s = np.arange(n * 300) / 10
    breath = np.searchsorted(starts, t_s, "right") - 1
    share = (t_s - starts[breath]) / (starts[breath + 1] - starts[breath])
    wave = np.round(2500 * np.sin(2 * np.pi * share)).astype(int).reshape(n, 300)
    moving = (rng.random((n, 30)) < 0.03).astype(int)
    rates = rng.normal(14, 0.3, (n, 30))
    return [
        EpochInput(
            utc_us=T0 + (at + i) * EPOCH_US,
            occupied="user",
            rate_per_min=[None if m else float(r) for r, m in zip(rates[i], moving[i], strict=True)],
            moving=moving[i].tolist(),
            motion_db=rng.normal(0, 1, 30).tolist(),
            confidence=[0.99] * 30,
            wave_um=[None if moving[i][j // 10] else int(um) for j, um in enumerate(wave[i])],
            user=[1] * 30,
            reason="",
        )
        for i in range(n)
    ]


def nothing(epoch: EpochInput, occupied: str, reason: str) -> EpochInput:
    """The same half minute with nothing measured."""
    blank: list[None] = [None] * 30
    return replace(
        epoch, occupied=occupied, rate_per_min=blank, moving=blank, motion_db=blank, confidence=blank,
        wave_um=[None] * 300, user=blank, reason=reason,
    )  # fmt: skip


def staged(epochs: list[EpochInput]) -> list[Staged]:
    state = Staging()
    return [step(state, epoch) for epoch in epochs]


def test_future_epochs_change_no_past_stage() -> None:
    a, b = breathing(60, seed=1), breathing(60, seed=2, irregular=0.3)
    assert staged(a[:40] + b[40:])[:40] == staged(a)[:40]


def test_the_perturbation_would_be_seen() -> None:
    a, b = breathing(60, seed=1), breathing(60, seed=2, irregular=0.3)
    assert staged(a[:40] + b[40:])[40:] != staged(a)[40:]


@pytest.mark.parametrize("cut", [1, 17, 33])
def test_a_restart_from_json_changes_nothing(cut: int) -> None:
    epochs, state = breathing(40), Staging()
    before = [step(state, epoch) for epoch in epochs[:cut]]
    again = msgspec.json.decode(msgspec.json.encode(state), type=Staging)
    assert before + [step(again, epoch) for epoch in epochs[cut:]] == staged(epochs)


def test_the_state_stops_growing() -> None:
    state, sizes = Staging(), []
    for epoch in breathing(BASELINE_EPOCHS + 2 * MOVEMENTS, irregular=0.02):
        step(state, epoch)
        sizes.append(len(msgspec.json.encode(state)))
    assert sizes[-1] < 1.1 * max(sizes[: 2 * MOVEMENTS])


def test_probabilities_are_of_four_stages_and_the_stage_is_the_likeliest() -> None:
    for found in staged(breathing(30)):
        assert found.p is not None and found.p[found.stage or 0] == max(found.p)
        assert sum(found.p) == pytest.approx(1, abs=3e-4)


def test_who_is_out_of_bed_is_awake() -> None:
    epochs = breathing(12)
    found = staged([*epochs[:10], nothing(epochs[10], "away", "silent: nobody in the user's place"), epochs[11]])
    assert found[10] == Staged(0, (1.0, 0.0, 0.0, 0.0), OUT_OF_BED)


def test_an_epoch_without_data_is_unknown_for_the_epochs_reason() -> None:
    epochs = breathing(12)
    assert staged([*epochs[:10], nothing(epochs[10], "unknown", "no packets")])[10] == Staged(None, None, "no packets")


@pytest.mark.parametrize(("seconds", "known"), [(ENOUGH_S - 1, False), (ENOUGH_S, True)])
def test_an_epoch_is_known_from_half_of_its_seconds_on(seconds: int, known: bool) -> None:
    epoch = breathing(1)[0]
    part = replace(epoch, user=[1] * seconds + [None] * (30 - seconds))
    assert (staged([part])[0].reason == "") == known


def test_somebody_elses_seconds_do_not_count() -> None:
    found = staged([replace(breathing(1)[0], user=[0] * 30)])[0]
    assert (found.stage, found.reason) == (None, TOO_LITTLE)


def test_somebody_elses_breathing_is_not_listened_to() -> None:
    a, b = breathing(20, seed=1), breathing(20, seed=2, irregular=0.3)
    half = [0] * 15 + [1] * 15
    mixed = [replace(x, user=half, wave_um=y.wave_um[:150] + x.wave_um[150:]) for x, y in zip(a, b, strict=True)]
    masked = [replace(x, user=half, wave_um=[None] * 150 + x.wave_um[150:]) for x in a]
    assert staged(mixed) == staged(masked)


def test_a_gap_does_not_make_a_breath() -> None:
    epochs = breathing(10, irregular=0.0)
    state = Staging()
    for i, epoch in enumerate(epochs):
        step(state, nothing(epoch, "unknown", "no packets") if i == 5 else epoch)
    intervals = [interval for _, interval, _ in state.memory.breaths.breaths]
    assert max(intervals) == pytest.approx(60 / 14, abs=0.1)


def test_half_an_hour_without_the_user_begins_another_night() -> None:
    epochs = breathing(20)
    state = Staging()
    for epoch in epochs:
        step(state, epoch)
    for i in range(FORGET_EPOCHS):
        step(state, nothing(replace(epochs[0], utc_us=T0 + (20 + i) * EPOCH_US), "away", ""))
    late = breathing(10, at=20 + FORGET_EPOCHS)
    assert [step(state, epoch) for epoch in late] == staged(late)


def test_a_model_for_other_features_is_refused(tmp_path: object) -> None:
    stored = msgspec.structs.replace(read(FILE), features=["rate"])
    path = FILE.__class__(str(tmp_path)) / "model.json"
    path.write_bytes(msgspec.json.encode(stored))
    with pytest.raises(ModelError, match="other features"):
        read(path)


def test_the_shipped_model_is_small_and_whole() -> None:
    stored = read(FILE)
    assert FILE.stat().st_size < 50_000
    assert arrays(stored).hidden.shape[1] == len(NAMES)
    assert isinstance(stored, Stored)


def test_test_seeds_are_no_training_seeds() -> None:
    with pytest.raises(SeedError, match="from 1001 on"):
        check_training(range(TEST_SEEDS.start, TEST_SEEDS.stop))


def test_the_shipped_model_saw_no_test_seed() -> None:
    first = read(FILE).card["first_seed"]
    assert isinstance(first, int) and first >= TRAINING_FROM


def garbage(rng: Generator, at: int) -> EpochInput:
    """Anything a packet can say, and holes everywhere."""

    def some(values: list[float]) -> list[float | None]:
        return [None if hole else value for value, hole in zip(values, rng.random(len(values)) < 0.3, strict=True)]

    wave = rng.integers(-32768, 32768, 300) // int(rng.choice([1, 40, 33000]))
    return EpochInput(
        utc_us=T0 + at * EPOCH_US,
        occupied=str(rng.choice(["user", "user", "user", "away", "unknown"])),
        rate_per_min=some(rng.choice([0.0, 0.01, 14.0, 655.35], 30).tolist()),
        moving=[None if one is None else int(one) for one in some(rng.integers(0, 2, 30).tolist())],
        motion_db=some(rng.uniform(-100, 100, 30).tolist()),
        confidence=some(rng.random(30).tolist()),
        wave_um=[None if one is None else int(one) for one in some(wave.tolist())],
        user=[None if one is None else int(one) for one in some(rng.choice([0, 1, 1, 1], 30).tolist())],
        reason="",
    )


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_a_stage_or_a_reason_comes_out(seed: int) -> None:
    rng, state = Generator(Philox(seed)), Staging()
    for at in range(150):
        found = step(state, garbage(rng, at))
        if found.stage is None:
            assert found.p is None and found.reason
        else:
            assert found.p is not None and all(0 <= one <= 1 for one in found.p)
    assert all(np.isfinite(state.belief))
