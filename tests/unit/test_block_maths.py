"""Elementary functions: the reference against double precision first, then C against the reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator, Philox
from numpy.typing import NDArray

from edge.blocks import maths
from edge.core import load

FFI, LIB = load()
TINY = 2.0**-126


def arguments(low: float, high: float, n: int = 20000) -> NDArray[np.float32]:
    """float32[n], uniform, the ends included."""
    x = Generator(Philox(3)).uniform(low, high, n)
    x[:3] = low, high, (low + high) / 2
    return x.astype(np.float32)


def decades(low: float, high: float) -> NDArray[np.float32]:
    """Logarithmically spread arguments."""
    return (10.0 ** arguments(low, high).astype(np.float64)).astype(np.float32)


# name, numpy's, arguments, absolute error, relative error: the promises of sw_maths.h
ONE_ARGUMENT: list[tuple[str, Callable[[Any], Any], NDArray[np.float32], float, float]] = [
    ("sinf", np.sin, arguments(-8192, 8192), 2e-7, 0),
    ("cosf", np.cos, arguments(-8192, 8192), 2e-7, 0),
    ("sinf", np.sin, arguments(-1e-3, 1e-3), 0, 1e-7),
    ("expf", np.exp, arguments(-87, 88), 0, 2e-7),
    ("logisticf", lambda x: 1 / (1 + np.exp(-x)), arguments(-80, 80), 0, 4e-7),
    ("log2f", np.log2, decades(-37, 38), 2e-7, 1e-7),
    ("log2f", np.log2, arguments(0.5, 2), 2e-7, 1e-7),
    ("log10f", np.log10, decades(-37, 38), 1e-7, 2e-7),
]


@pytest.mark.parametrize(("name", "exact", "x", "absolute", "relative"), ONE_ARGUMENT)
def test_reference_keeps_its_stated_error(
    name: str, exact: Callable[[Any], Any], x: NDArray[np.float32], absolute: float, relative: float
) -> None:
    found = np.array([getattr(maths, name)(v) for v in x], np.float64)
    expected = exact(x.astype(np.float64))
    assert np.all(np.abs(found - expected) <= absolute + relative * np.abs(expected))


def test_reference_atan2_keeps_its_stated_error() -> None:
    y, x = Generator(Philox(4)).normal(size=(2, 20000)).astype(np.float32)
    found = np.array([maths.atan2f(a, b) for a, b in zip(y, x, strict=True)])
    assert np.abs(found - np.arctan2(y.astype(np.float64), x.astype(np.float64))).max() < 4e-7


@pytest.mark.parametrize(("name", "exact", "x", "absolute", "relative"), ONE_ARGUMENT)
def test_c_equals_reference(
    name: str, exact: Callable[[Any], Any], x: NDArray[np.float32], absolute: float, relative: float
) -> None:
    reference = getattr(maths, name)
    c = getattr(LIB, f"sw_{name}")
    assert [c(v) for v in x[:5000]] == [reference(v) for v in x[:5000]]


def test_c_atan2_equals_reference() -> None:
    y, x = Generator(Philox(5)).normal(size=(2, 5000)).astype(np.float32)
    assert [LIB.sw_atan2f(a, b) for a, b in zip(y, x, strict=True)] == [
        maths.atan2f(a, b) for a, b in zip(y, x, strict=True)
    ]


def test_whole_arrays_give_the_same_bits_as_single_calls() -> None:
    special = np.array([0.0, -0.0, np.nan, 1e30, -1e30, 1e-30, np.inf], np.float32)
    y = np.concatenate((np.repeat(special, 7), arguments(-9000, 9000)[:3998])).astype(np.float32)
    x = np.concatenate((np.tile(special, 7), arguments(-5, 5)[:3998])).astype(np.float32)
    out = np.zeros((3, len(y)), np.float32)
    sine, cosine, angle = (FFI.from_buffer("float[]", row) for row in out)
    LIB.sw_sincosf_each(FFI.from_buffer("float[]", y), sine, cosine, len(y))
    LIB.sw_atan2f_each(FFI.from_buffer("float[]", y), FFI.from_buffer("float[]", x), angle, len(y))
    single = np.array([[LIB.sw_sinf(v) for v in y], [LIB.sw_cosf(v) for v in y], list(map(LIB.sw_atan2f, y, x))])
    assert np.array_equal(out, single.astype(np.float32), equal_nan=True)


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("log2f", (0.0,), -126.0),
        ("log2f", (-1.0,), -126.0),
        ("log2f", (float("nan"),), -126.0),
        ("log2f", (1.0,), 0.0),
        ("log2f", (8.0,), 3.0),
        ("expf", (0.0,), 1.0),
        ("expf", (float("nan"),), float(np.exp(-87.0))),
        ("expf", (1e30,), float(np.exp(88.0))),
        ("logisticf", (0.0,), 0.5),
        ("sinf", (float("nan"),), float(np.sin(-8192.0))),
        ("cosf", (1e30,), float(np.cos(8192.0))),
        ("atan2f", (0.0, 0.0), 0.0),
        ("atan2f", (0.0, -1.0), np.pi),
        ("atan2f", (-1.0, 0.0), -np.pi / 2),
        ("atan2f", (1e-30, 1e30), 0.0),
    ],
)
def test_corner_cases(name: str, x: tuple[float, ...], expected: float) -> None:
    values = [getattr(maths, name)(*map(np.float32, x)), getattr(LIB, f"sw_{name}")(*x)]
    assert values == pytest.approx([expected, expected], rel=2e-7, abs=1e-7)


@pytest.mark.parametrize(
    ("x", "expected"), [(2.5, 3), (-2.5, -3), (0.49, 0), (40000.0, 32767), (-1e30, -32768), (float("nan"), -32768)]
)
def test_rounding_is_clamped(x: float, expected: int) -> None:
    assert maths.to_i32(np.float32(x), -32768, 32767) == expected
