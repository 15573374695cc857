"""What is compiled once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vrb.build_c import make_vrb, sanitized_board


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with libvrb.so and vrb.h, as `make vrb` leaves it."""
    return make_vrb(tmp_path_factory.mktemp("libvrb"))


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the board's sources compiled for the sanitizers, for build_c.sanitized()."""
    return sanitized_board(tmp_path_factory.mktemp("sanitized"))
