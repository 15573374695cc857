"""The version of the package that is installed, if one is."""

from __future__ import annotations

import contextlib
from importlib import metadata


def version() -> str | None:
    """None in a tree that was never installed."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version("stillwave")
    return None
