"""The line of a live night as a recording: what was heard, what was said, and every tick between.

Rule: the night comes first. A recording that cannot be written is said once and given up; nothing else changes.
With its ticks it is all that the cloud concluded from, so a replay comes to the same report.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from cloud.device import Settings
from cloud.replay import ENDED, FINISHED, HEEDED, LANGUAGE, LEFT, LEFT_AT, NOT_HEEDED, SETTINGS, UNPAIRED
from wire import table
from wire.recording import CONFIG, EVENT, Recorder, RecordingError

FLUSH_US = 2_000_000


def metadata(
    settings: Settings, port: str, baud: int, protocol: str | None, version: str, unpaired: bool = False
) -> dict[str, str]:
    """What the recording says of its making; no key is in it. unpaired: the host heeds a device that bears no tags."""
    return {
        "source": "live",
        "version": version,
        "protocol": str(table.VERSION),
        "tables": f"{zlib.crc32(table.TEXT.encode()):08x}",
        "port": port,
        "baud": str(baud),
        LANGUAGE: protocol or "stillwave",
        UNPAIRED: HEEDED if unpaired else NOT_HEEDED,
        "timezone": settings.timezone or "UTC",
        SETTINGS: msgspec.json.encode(settings).decode(),
    }


class Tape:
    """One recording. say: one line for a person. Raises RecordingError when it cannot be begun, never later."""

    def __init__(self, path: Path, begun: dict[str, str], say: Callable[[str], None], now_us: int) -> None:
        self._say = say
        self._flushed_us = 0
        self._left: dict[str, str] = {}
        self._recorder: Recorder | None = Recorder(path, begun, packets=begun[LANGUAGE] == "stillwave", durable=True)
        line = {"what": "line", "port": begun["port"], "baud": int(begun["baud"])}
        self._write(lambda recorder: recorder.note(CONFIG, now_us, line))

    def heard(self, utc_us: int, data: bytes) -> None:
        """Bytes of the device."""
        self._write(lambda recorder: recorder.from_device(utc_us, data))

    def tick(self, utc_us: int) -> None:
        """The cloud is told the time now."""
        self._write(lambda recorder: recorder.tick(utc_us))
        if not 0 <= utc_us - self._flushed_us < FLUSH_US:
            self._flushed_us = utc_us
            self._write(lambda recorder: recorder.flush())

    def said(self, utc_us: int, data: bytes) -> None:
        """What the cloud answered to the tick of that time."""
        self._write(lambda recorder: recorder.to_device(utc_us, data))

    def event(self, utc_us: int, what: str, said: str) -> None:
        """Something happened to the port."""
        self._write(lambda recorder: recorder.note(EVENT, utc_us, {"what": what, "said": said}))

    def left(self, utc_us: int) -> None:
        """The cloud has no more to hear from now on."""
        self._left = {LEFT_AT: str(utc_us)}

    def close(self, finished: bool) -> None:
        """finished: the night is over; else the process left it to the next one."""
        ended = {ENDED: FINISHED if finished else LEFT, **self._left}
        self._write(lambda recorder: recorder.close(ended))
        self._recorder = None

    def _write(self, what: Callable[[Recorder], Any]) -> None:
        if self._recorder is None:
            return
        try:
            what(self._recorder)
        except RecordingError as error:
            self._recorder = None
            self._say(f"{error}; the night goes on without a recording")
