"""The real firmware behind a Unix socket, in real time, somebody always in front of it: a device that starts at once.

Use: python -m tests.one_box_device SOCKET SEED
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Any

from tests.device import Device
from wire.unix_line import UnixServer

STEP_S = 0.05


def confident(out: dict[str, Any]) -> None:
    out["confidence"] = 220


def main() -> None:
    server = UnixServer(Path(sys.argv[1]))
    device = Device(think=confident, seed=int(sys.argv[2]))
    wanted: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: wanted.append(number))
    due_s = time.monotonic()
    while not wanted:
        device.inbox += server.read()
        device.host()
        device.run(STEP_S)
        said = bytes(device.sent)
        device.sent.clear()
        while said:  # as a wire: what nobody takes is lost
            said = said[server.write(said) :]
        due_s += STEP_S
        time.sleep(max(0.0, due_s - time.monotonic()))
    server.close()


if __name__ == "__main__":
    main()
