"""What the kernel says: which boot is this; and what systemd wants to hear.

Rule: what cannot be read is unknown, and unknown counts as no.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
RESET_POWER, RESET_PIN, RESET_WATCHDOG = 0, 1, 2
"""SW_RESET_* of wire/words.h: power on; started again on purpose; started again because it hung or died."""


def boot_id(path: Path = BOOT_ID) -> str:
    """Changes with every boot of the Pi; empty: unknown."""
    with contextlib.suppress(OSError):
        return path.read_text().strip()
    return ""


class LastRun:
    """A file that says how the last run ended: "running" in it means that it did not end by itself."""

    def __init__(self, path: Path, boot: str) -> None:
        self._path, self._boot = path, boot
        self.reset_cause = self._cause()
        self._write("running")

    def _cause(self) -> int:
        try:
            found = json.loads(self._path.read_text())
            same, running = bool(self._boot) and found["boot"] == self._boot, found["ended"] == "running"
        except (OSError, ValueError, KeyError, TypeError):
            return RESET_POWER
        if not same:
            return RESET_POWER
        return RESET_WATCHDOG if running else RESET_PIN

    def _write(self, how: str) -> None:
        with contextlib.suppress(OSError):  # the next start then counts as a power-on
            self._path.write_text(json.dumps({"boot": self._boot, "ended": how}))

    def close(self) -> None:
        """It ended by itself."""
        self._write("clean")


class Notify:
    """systemd's notification socket; silent where there is none. environ: NOTIFY_SOCKET, WATCHDOG_USEC."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if path else None
        if self._socket is not None:
            self._socket.setblocking(False)
        wanted = environ.get("WATCHDOG_USEC", "")
        self.watchdog_us = int(wanted) if wanted.isdecimal() else 0
        """It kills the process when it hears nothing for so long; 0: it does not look."""

    def say(self, *lines: str) -> None:
        """READY=1, STATUS=..., WATCHDOG=1, STOPPING=1. Never fails, never blocks."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.sendto("\n".join(lines).encode(), self._address)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


def urandom(n: int) -> bytes:
    """The operating system's generator."""
    return os.urandom(n)
