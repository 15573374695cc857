"""What a night costs an SD card: bytes written and syncs of the store, by how often it commits.

Rule: counted by the kernel's own calls (strace), on a stream as dense as a sleeper's; scaled to eight hours.
Use: python -m bench.store_writes
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.tables import table

SECONDS, NIGHT_S = 1200, 28_800
EVERY_S = (0, 5, 20)
CHILD = """
import sys
from pathlib import Path
from cloud.app import seeded
from cloud.night_process import Cloud
from cloud.store import Store
from cloud.writer import Writer
from tests.fake_device import FakeDevice, play, sleeper
store = Store(Path(sys.argv[1]))
cloud = Cloud(Writer(store, int(sys.argv[2]) * 1_000_000), seeded(1), "live")
play(cloud, FakeDevice(), sleeper, range(int(sys.argv[3])))
cloud.finish()
store.close()
"""
CALLS = ("pwrite64", "write", "fsync", "fdatasync")
WRITTEN = re.compile(r"(?:pwrite64|write)\(.*= (\d+)$")


def measure(every_s: int, folder: Path) -> tuple[int, int, int]:
    """Bytes written, syncs, bytes of the closed file, of SECONDS of streaming."""
    db, log = folder / f"{every_s}.sqlite", folder / f"{every_s}.log"
    trace = [
        "strace",
        "-f",
        "-s",
        "0",
        "-P",
        str(db),
        "-P",
        f"{db}-wal",
        "-e",
        f"trace={','.join(CALLS)}",
        "-o",
        str(log),
    ]
    subprocess.run([*trace, sys.executable, "-c", CHILD, str(db), str(every_s), str(SECONDS)], check=True)
    lines = log.read_text().splitlines()
    n_bytes = sum(int(found[1]) for line in lines if (found := WRITTEN.search(line)))
    return n_bytes, sum("sync(" in line for line in lines), db.stat().st_size


def main() -> int:
    """The table of docs/cloud.md."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for every_s in EVERY_S:
            n_bytes, syncs, size = (round(one * NIGHT_S / SECONDS) for one in measure(every_s, Path(folder)))
            name = f"every {every_s} s" if every_s else "every second"
            rows.append([name, f"{n_bytes / 1e6:.0f} MB", str(syncs), f"{size / 1e6:.1f} MB"])
    sys.stdout.write(table(["commits", "written in eight hours", "syncs", "the closed file"], rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
