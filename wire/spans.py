"""A set of whole numbers as its runs: what of a sequence is there, when it is long and nearly whole.

Rule: runs are sorted, disjoint and never touch; its size is that of its holes, not of its numbers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class Spans:
    """Numbers from 0 on. `first`, `last`: of each run, in order, both in it."""

    __slots__ = ("first", "last")

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        """numbers: rising is fast."""
        self.first: list[int] = []
        self.last: list[int] = []
        for one in numbers:
            self.add(one, one)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self.first, number) - 1
        return at >= 0 and number <= self.last[at]

    def __len__(self) -> int:
        """How many numbers."""
        return sum(self.last) - sum(self.first) + len(self.first)

    def add(self, first: int, last: int) -> None:
        """All of first..last; what is there already stays. An empty range adds nothing."""
        if first > last:
            return
        begin = bisect_right(self.first, first) - 1
        if begin < 0 or self.last[begin] + 1 < first:
            begin += 1
        end = bisect_right(self.first, last + 1)
        if begin < end:
            first, last = min(first, self.first[begin]), max(last, self.last[end - 1])
        self.first[begin:end] = [first]
        self.last[begin:end] = [last]

    def absent_from(self, number: int) -> int:
        """The first number from this one on that is not there."""
        at = bisect_right(self.first, number) - 1
        return self.last[at] + 1 if at >= 0 and number <= self.last[at] else number

    def present_from(self, number: int) -> int | None:
        """The first number from this one on that is there; None: none is."""
        at = bisect_right(self.first, number) - 1
        if at >= 0 and number <= self.last[at]:
            return number
        return self.first[at + 1] if at + 1 < len(self.first) else None

    def bits(self, number: int, n: int) -> int:
        """Bit i says whether number + i is there, for n bits."""
        found, at = 0, max(bisect_right(self.first, number) - 1, 0)
        while at < len(self.first) and self.first[at] < number + n:
            low, high = max(self.first[at] - number, 0), min(self.last[at] - number, n - 1)
            if low <= high:
                found |= (1 << high + 1) - (1 << low)
            at += 1
        return found

    def count(self, first: int, last: int) -> int:
        """How many of first..last are there."""
        runs = zip(self.first, self.last, strict=True)
        return sum(max(min(b, last) - max(a, first) + 1, 0) for a, b in runs)
