"""What every test may rely on: a fresh build, numba's cache, the real recordings, hypothesis without surprises.

STILLWAVE_DATA says where the recordings are; a word in STILLWAVE_REQUIRE (data, arm, systemd) turns its skips into failures.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

from front import env

# A shell that starts the tests in the background has them ignore Ctrl-C, and with them every process they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

env.use_jit_cache()  # before anything imports numba

settings.register_profile("stillwave", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("stillwave")

NUMBA_CHAIN = {"test_core_numba", "test_chain_equality"}
Absent = Callable[[str, str], NoReturn]
FIGURES = "figures"


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """The plugin `stillwave`, where no installation has announced it."""
    if not pluginmanager.has_plugin("stillwave"):
        pluginmanager.register(importlib.import_module("hw_sim.pytest_plugin"), "stillwave")


def pytest_configure(config: pytest.Config) -> None:
    """A stale or missing build is one line, before any test gives a strange result."""
    from edge.core import CoreError, load

    try:
        load()
        importlib.import_module("hw_sim.chip.core")
    except (CoreError, ImportError) as error:
        pytest.exit(str(error), returncode=2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What compiles the numba chain goes first, hence to one worker: it takes a minute, in two workers at once twice that."""
    items.sort(key=lambda item: item.path.stem not in NUMBA_CHAIN)


def skip_or_fail(word: str, message: str, required: str | None = None) -> NoReturn:
    """Skips with the message, or fails when STILLWAVE_REQUIRE names the word."""
    words = (os.environ.get("STILLWAVE_REQUIRE", "") if required is None else required).split(",")
    if word in [entry.strip() for entry in words]:
        pytest.fail(f"{message} (STILLWAVE_REQUIRE names {word})", pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="session")
def absent() -> Absent:
    """absent(word, message): what a test calls when the thing it needs is not on this machine."""
    return skip_or_fail


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real recordings."""
    folder = env.data_dir()
    if not folder.is_dir():
        skip_or_fail("data", f"no recordings in {folder}: set STILLWAVE_DATA (docs/data.md says what they are)")
    return folder


@pytest.fixture(scope="session")
def arm_tools() -> None:
    """The compilers, emulators and debugger for the ARM targets are installed."""
    need = subprocess.run(["sh", str(env.ROOT / ".ci" / "need"), "arm"], capture_output=True, text=True, check=False)
    if need.returncode != 0:
        skip_or_fail("arm", need.stderr.strip())


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Callable[[str, dict[str, float]], None]:
    """figures(what, values): measured figures for whoever reads the log; they are printed after the run."""

    def note(what: str, values: dict[str, float]) -> None:
        record_property(FIGURES, f"{what}: " + ", ".join(f"{name} {value:.4g}" for name, value in values.items()))

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The measured figures of all tests, from every worker."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, [])]
    for line in [value for one in reports for key, value in one.user_properties if key == FIGURES]:
        terminalreporter.write_line(str(line))
