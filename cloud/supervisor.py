"""What the process says to systemd: ready, still alive, stopping. Silent where nobody supervises it."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class Supervisor:
    """The notification socket of sd_notify(3). environ: NOTIFY_SOCKET says where it is. Never fails, never blocks."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{path[1:]}" if path.startswith("@") else path

    def ready(self) -> None:
        """Type=notify: whoever waits for this process may go on."""
        self._say("READY=1")

    def alive(self, status: str = "") -> None:
        """WatchdogSec=: without it the process is killed and started again. status: what it does now."""
        self._say("WATCHDOG=1", *([f"STATUS={status}"] if status else []))

    def stopping(self) -> None:
        """It ends because it was asked to."""
        self._say("STOPPING=1")

    def _say(self, *lines: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.setblocking(False)
            to.sendto("\n".join(lines).encode(), self._address)
