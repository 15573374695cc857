"""How the simulator's kernels are compiled: in one place, so that all agree.

Rule: single precision and fast-math are allowed here and nowhere in the product; no kernel draws random
numbers of its own. Compiled code is kept between processes only when the front door has set
NUMBA_CACHE_DIR to a directory named after a hash of the jitted sources: numba itself looks at the file that
holds the kernel, not at the ones it calls.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

CACHE = "NUMBA_CACHE_DIR" in os.environ


def kernel(function: Kernel) -> Kernel:
    """A function called from Python: compiled at its first call, runs without the interpreter lock."""
    return cast(Kernel, numba.njit(nogil=True, cache=CACHE, fastmath=True, error_model="numpy")(function))


def part(function: Kernel) -> Kernel:
    """A piece of a kernel, put inline where it is called."""
    return cast(Kernel, numba.njit(nogil=True, fastmath=True, error_model="numpy", inline="always")(function))
