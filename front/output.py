"""Where results go: stdout for the result, stderr for what is said along the way, a new folder for a run.

Rule: with --json stdout carries JSON and nothing else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from front.config import Config
from front.env import prepare_out


@dataclass(frozen=True)
class Folder:
    """What --out and --force said."""

    out: Path | None
    force: bool

    def make(self, config: Config) -> Path:
        """The folder of a new run; without --out it is named by the clock. Raises InputError."""
        folder = self.out or Path(config.output.folder) / datetime.now().strftime("%Y%m%d-%H%M%S")
        return prepare_out(folder, force=self.force)


def as_json(value: Any) -> str:
    """One line; refuses what JSON cannot say."""
    return json.dumps(value, allow_nan=False)


def show(json: bool, value: Any, lines: Callable[[], Iterable[str]]) -> None:
    """The result: as one JSON object, or as lines for a person."""
    print(as_json(value) if json else "\n".join(lines()), flush=True)


def say(line: str) -> None:
    """A word along the way."""
    print(line, file=sys.stderr, flush=True)


def ready(json: bool, event: dict[str, Any], line: str) -> None:
    """A long-running command can be used from now on."""
    if json:
        print(as_json(event), flush=True)
    else:
        say(line)
