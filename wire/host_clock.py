"""Is this machine's clock right? The kernel knows.

Rule: what cannot be asked is unknown, and unknown counts as no.
"""

from __future__ import annotations

import ctypes

TIME_ERROR = 5
"""adjtimex: the clock is not synchronised."""
TIMEX_BYTES = 512


def synchronised() -> bool:
    """Does the system's clock follow a time server?"""
    timex = ctypes.create_string_buffer(TIMEX_BYTES)  # modes 0: only asks
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    except (OSError, AttributeError):
        return False
    return bool(0 <= state < TIME_ERROR)
