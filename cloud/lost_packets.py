"""What the device had to throw away, as spans of time. Rule: they lie between what came of the same boot before and after;
where nothing did, the device's word for them stands in their place.
"""

from __future__ import annotations

import sqlite3

from cloud.observations import Gap
from cloud.silence import Silence

#: The word of the packet table for packets that are gone altogether.
PACKETS = "packets"
#: Between how many there were, and why.
LOST = " packets lost: "


def spans(db: sqlite3.Connection, gaps: list[Gap]) -> list[Silence]:
    """Every gap of packets that did not come otherwise, in the order of their times."""
    found = []
    for gap in _joined(gaps):
        which = (gap.of_boot, gap.first_seq, gap.last_seq)
        (came,) = db.execute("SELECT count(*) FROM packets WHERE boot = ? AND seq BETWEEN ? AND ?", which).fetchone()
        (before,) = db.execute("SELECT max(utc_us) FROM packets WHERE boot = ? AND seq < ?", which[:2]).fetchone()
        (after,) = db.execute(
            "SELECT min(utc_us) FROM packets WHERE boot = ? AND seq > ?", (gap.of_boot, gap.last_seq)
        ).fetchone()
        n = gap.last_seq - gap.first_seq + 1 - came
        begin, end = before or after or gap.utc_us, after or gap.utc_us
        if n > 0 and begin < end:
            found.append(Silence(begin, end, f"{n}{LOST}{gap.reason}"))
    return sorted(found, key=lambda one: one.from_utc_us)


def _joined(gaps: list[Gap]) -> list[Gap]:
    """Of packets alone; what several name is one: a full device says again what its oldest GAPs have said."""
    found: list[Gap] = []
    gone = [gap for gap in gaps if gap.what == PACKETS]
    for gap in sorted(gone, key=lambda one: (one.of_boot, one.reason, one.first_seq, one.last_seq)):
        last = found[-1] if found else None
        if last and (last.of_boot, last.reason) == (gap.of_boot, gap.reason) and gap.first_seq <= last.last_seq:
            found[-1] = last._replace(last_seq=max(last.last_seq, gap.last_seq), utc_us=max(last.utc_us, gap.utc_us))
        else:
            found.append(gap)
    return found
