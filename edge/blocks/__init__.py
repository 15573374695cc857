"""Reference blocks: what the C chain should compute, written for the reader.

Compiled code is kept on disk only when the front door names a folder for it, keyed by the sources.
"""

import os

CACHE = "NUMBA_CACHE_DIR" in os.environ
