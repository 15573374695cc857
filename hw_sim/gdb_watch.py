"""Looks whether the gdb of an image is still there, by asking QEMU (QMP, its machine protocol).

Rule: it only asks; a gdb that has not come yet, and one that has let the image run before it left, are in order.
"""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

OPTIONS = ["-qmp", "unix:qmp,server=on,wait=off"]
SOCKET = "qmp"
"""In the folder in which QEMU runs."""
LEFT = "gdb went away and left the image standing"
EVERY_S = 1.0
ANSWER_S = 0.2
"""While the image waits for the rig QEMU answers nobody, and the image does not stand."""


class GdbWatch:
    """One run of QEMU, started with OPTIONS in this folder. said: LEFT, once that has been seen."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / SOCKET
        self._asked_s = 0.0
        self._came = False
        self.said = ""

    def left(self) -> bool:
        """A gdb was there, is gone, and the image stands: it would stand for ever. Asked at most once in EVERY_S."""
        now_s = time.monotonic()
        if now_s - self._asked_s < EVERY_S:
            return False
        self._asked_s = now_s
        try:
            ports, state = self._ask("query-chardev", "query-status")
        except (OSError, ValueError):  # not ready yet, busy, or at its end: then the pipes will tell
            return False
        there = any(one["label"] == "gdb" and not one["filename"].startswith("disconnected") for one in ports)
        self._came |= there or state["status"] != "prelaunch"  # nobody else starts the image
        if there or not self._came or state["running"]:
            return False
        self.said = LEFT
        return True

    def _ask(self, *commands: str) -> list[Any]:
        """The answers. Raises OSError, ValueError."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(ANSWER_S)
            line.connect(str(self._path))
            with line.makefile("rw", encoding="utf-8") as file:
                file.readline()  # QEMU's greeting
                return [_answer(file, command) for command in ("qmp_capabilities", *commands)][1:]


def _answer(file: Any, command: str) -> Any:
    """Of one command; events between are passed over."""
    file.write(json.dumps({"execute": command}) + "\n")
    file.flush()
    while "return" not in (said := json.loads(file.readline())):
        if "error" in said:
            raise ValueError(said["error"])
    return said["return"]
