"""The alarm's second way to be heard: a command that plays a sound, again and again until the alarm ends.

Rule: never waits for the command; when it fails, the buzzer's pin rings all the same.
"""

from __future__ import annotations

import contextlib
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from typing import Protocol

AGAIN_US = 500_000
"""A command that ends at once is started twice a second, not more often."""
KILL_US = 1_000_000
"""One that does not end when told is killed after this."""


class Child(Protocol):
    """A running command."""

    def poll(self) -> int | None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


Spawn = Callable[[Sequence[str]], Child]


def spawn(command: Sequence[str]) -> Child:
    """Starts a command with nothing on its lines. Raises OSError."""
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)


class Sound:
    """command: a command line, empty for none. say: told once when it cannot be started."""

    def __init__(self, command: str, start: Spawn, say: Callable[[str], None]) -> None:
        self._command = shlex.split(command)
        self._start, self._say = start, say
        self._rings = False
        self._child: Child | None = None
        self._leaving: list[tuple[int, Child]] = []
        self._next_us = 0
        self._told = False
        self.starts = 0

    def ring(self, level: int) -> None:
        """The alarm rings, or no more; acts at the next tick."""
        self._rings = bool(level)
        self._next_us = 0

    def tick(self, now_us: int) -> int | None:
        """What is due. Returns when it wants to be asked again, us; None: not before something changes."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        if self._rings and self._child is None and self._command and now_us >= self._next_us:
            self._begin(now_us)
        if not self._rings and self._child is not None:
            with contextlib.suppress(OSError):
                self._child.terminate()
            self._leaving.append((now_us + KILL_US, self._child))
            self._child = None
        self._bury(now_us)
        busy = self._leaving or (self._rings and self._command)
        return now_us + AGAIN_US if busy else None

    def _begin(self, now_us: int) -> None:
        self._next_us = now_us + AGAIN_US
        try:
            self._child = self._start(self._command)
            self.starts += 1
        except OSError as error:
            if not self._told:
                self._say(f"sound: {self._command[0]}: {error.strerror or error}; the buzzer's pin rings alone")
            self._told = True

    def _bury(self, now_us: int) -> None:
        still = []
        for until_us, child in self._leaving:
            if child.poll() is not None:
                continue
            if now_us >= until_us:
                with contextlib.suppress(OSError):
                    child.kill()
            still.append((until_us, child))
        self._leaving = still

    def close(self) -> None:
        """Nothing goes on sounding."""
        for child in [self._child, *(one for _, one in self._leaving)]:
            if child is not None:
                with contextlib.suppress(OSError):
                    child.kill()


def missing(command: str) -> str:
    """The word of a sound command that is not installed; empty: all is well."""
    words = shlex.split(command)
    return words[0] if words and shutil.which(words[0]) is None else ""
