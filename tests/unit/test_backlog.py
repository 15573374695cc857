"""What several earlier boots have left, and how it reaches the host."""

from __future__ import annotations

from tests import kept
from tests.unit.test_delivery import Line, rebooted


def test_a_pull_ends_with_its_boot_and_what_lies_behind_is_sent_all_the_same() -> None:
    line = Line()
    line.run(5.0)
    before = rebooted(line)
    line.pull(1, 255, boot=before)
    there = {(one.boot, one.seq) for one in kept.packets(line.device)}
    sent = {(one.boot, one.seq) for one in [*line.greet(), *line.run(2.0)]}
    assert {boot for boot, _ in there} == {before, line.boot}
    assert there <= sent
