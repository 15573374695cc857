"""From an exception of a part to one line and an exit code.

Rule: only exceptions that a part raises on purpose are explained; anything else is a bug and keeps its traceback.
Classes are looked up among loaded modules, so that explaining an error imports nothing.
"""

from __future__ import annotations

import errno
import sys

from front.env import InputError

EXTRA_OF = {"spidev": "pi", "gpiod": "pi", "smbus2": "pi", "numba": "sim", "llvmlite": "sim", "matplotlib": "report"}
EXTRA_OF["pyarrow"] = "parquet"
#: A disk that takes nothing more, wherever it is noticed.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
# (module, class): exit code
CODES = {
    ("edge.core", "CoreError"): 2,
    ("edge.raw_adc", "RawError"): 2,
    ("edge.config", "ConfigError"): 2,
    ("edge.firmware", "FirmwareError"): 1,
    ("edge.hal.raspberry_pi.troubles", "PiTrouble"): 2,
    ("edge.hal.raspberry_pi.flash_file", "FlashFileError"): 2,
    ("edge.hal.raspberry_pi.settings", "SettingsError"): 2,
    ("edge.hal.raspberry_pi.modules", "OldGpiodError"): 3,
    ("edge.hal.raspberry_pi.board", "DeviceLostError"): 4,
    ("edge.line", "LineError"): 2,
    ("hw_sim.chip.core", "StaleBuildError"): 2,
    ("hw_sim.scenario", "SceneError"): 2,
    ("hw_sim.faults", "FaultError"): 2,
    ("hw_sim.recording", "RecordingError"): 2,
    ("wire.recording", "NoRecordingError"): 2,
    ("wire.recording", "RecordingError"): 1,
    ("cloud.replay", "ReplayError"): 2,
    ("cloud.truth", "TruthError"): 2,
    ("cloud.staging.seeds", "SeedError"): 2,
    ("cloud.staging.train", "TrainError"): 2,
    ("cloud.staging.model", "ModelError"): 2,
    ("front.train", "NightFailed"): 1,
    ("hw_sim.rig", "RigError"): 2,
    ("hw_sim.board", "BoardFailed"): 1,
    ("hw_sim.snapshot", "SnapshotError"): 2,
    ("hw_sim.spi_server", "ServerError"): 2,
    ("hw_sim.vcd", "VcdFileError"): 2,
    ("hw_sim.vcd", "VcdError"): 1,
    ("hw_sim.lockstep", "HostFailed"): 1,
    ("cloud.store", "StoreError"): 2,
    ("front.alarm", "AlarmError"): 1,
    ("front.pair", "PairError"): 1,
    ("wire.keys", "KeysError"): 2,
    ("front.replay_port", "Stalled"): 4,
    ("front.calibrate", "CalibrationError"): 1,
}


def explain(error: Exception) -> tuple[str, int] | None:
    """(message, exit code), or None when nobody meant this error for a user."""
    if isinstance(error, InputError):
        return str(error), 2
    transport = getattr(sys.modules.get("wire.transport"), "TransportError", None)
    if transport is not None and isinstance(error, transport):
        return str(error), 4 if getattr(error, "lost", True) else 2
    for (module, name), code in CODES.items():
        known = getattr(sys.modules.get(module), name, None)
        if known is not None and isinstance(error, known):
            return str(error), code
    if isinstance(error, ModuleNotFoundError):
        extra = EXTRA_OF.get((error.name or "").split(".")[0])
        if extra is not None:
            from front.doctor import install

            return f"{error.name} is missing; install it with: {install(extra)}", 3
    if isinstance(error, OSError) and error.errno in FULL:
        return f"{error.filename2 or error.filename or 'the result'}: cannot be written: {error.strerror}", 1
    if isinstance(error, FileExistsError):  # a link that is no link
        return str(error), 2
    return None
