"""Runs of numbers: the same as a set, whatever is added in which order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wire.spans import Spans

RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(-1, 12)), max_size=12)


@given(RANGES, st.integers(0, 80), st.integers(0, 80))
def test_runs_say_what_a_set_says(ranges: list[tuple[int, int]], a: int, b: int) -> None:
    spans, numbers = Spans(), set[int]()
    for first, n in ranges:
        spans.add(first, first + n)
        numbers |= set(range(first, first + n + 1))
    assert [n for n in range(100) if n in spans] == sorted(numbers) and len(spans) == len(numbers)
    assert spans.absent_from(a) == next(n for n in range(a, 200) if n not in numbers)
    assert spans.present_from(a) == min((n for n in numbers if n >= a), default=None)
    assert spans.bits(a, 32) == sum(1 << i for i in range(32) if a + i in numbers)
    assert spans.count(a, b) == sum(a <= n <= b for n in numbers)


@given(RANGES)
def test_runs_never_touch(ranges: list[tuple[int, int]]) -> None:
    spans = Spans()
    for first, n in ranges:
        spans.add(first, first + n)
    assert all(last + 1 < first for last, first in zip(spans.last, spans.first[1:], strict=False))
