"""The compiled firmware as Python holds it: memory, addresses to bind, and a look inside.

Rule: nothing here runs per frame; a board calls the step function by its address. A probe only reads.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from edge.config import ConfigError, RadarConfig
from edge.core import load
from wire import trust

ALIGN = 16
RAM_AT_POWER_ON = b"\xa5"
"""Nothing may be expected of fresh memory."""
# which key a refused config is about, by sw_error
REFUSALS = {
    "SW_ERROR_CONFIG_RX": "rx_mask: expected at least one of three antennas",
    "SW_ERROR_CONFIG_SAMPLES": "n_samples: expected 64, 128, 256 or 512",
    "SW_ERROR_CONFIG_CHIRPS": "n_chirps: expected an even number, 2..64",
    "SW_ERROR_CONFIG_RATE": "sample_rate_hz: expected 80 MHz / n with n in 20..1023",
    "SW_ERROR_CONFIG_SWEEP": "start_khz, end_khz: expected a rise within 57..64 GHz of at most 400 MHz per us",
    "SW_ERROR_CONFIG_TIMING": "chirp_period_ns, frame_period_ns: expected room for the sampling, 1.2 ms between frames",
    "SW_ERROR_CONFIG_FIFO": "n_samples, n_chirps: expected at most 16384 samples of all antennas in a frame",
    "SW_ERROR_CONFIG_GAIN": "if_gain_db, hp_cutoff_khz, tx_power_level: expected a setting of the chip",
}


class FirmwareError(RuntimeError):
    """The firmware did not start or stopped itself; one line."""


@dataclass(frozen=True, slots=True)
class ChainOps:
    """Another chain in the firmware's place for it: addresses of state and functions (sw_chain_ops in sw_chain.h).

    place 0: it looks everywhere. correct, measure, still 0: it cannot be calibrated.
    """

    state: int
    init: int
    step: int
    parameters_hash: int
    place: int = 0
    correct: int = 0
    measure: int = 0
    still: int = 0


def paired_flash(device_id: int, key: bytes = trust.TEST_KEY) -> bytes:
    """Content of the flash of a device that is paired and knows nothing else. key: 32 bytes; the published one.

    The record is that of native/src/flash_store.c, with the content of native/src/trust.c.
    """
    _, lib = load()
    content = (device_id.to_bytes(8, "little") + key).ljust(lib.SW_STORE_BYTES, b"\0")
    record = b"SWR1" + (1).to_bytes(4, "little") + content
    record += zlib.crc32(record).to_bytes(4, "little")
    return bytes(lib.SW_TRUST_SECTOR * lib.SW_STORE_SECTOR_BYTES).replace(b"\0", b"\xff") + record


def open_flash() -> bytes:
    """Content of the flash of a device of the laboratory: it heeds anybody, and nothing bears a tag."""
    return paired_flash(0, bytes(trust.KEY_BYTES))


def give_key(flash: Any, content: bytes) -> None:
    """Puts a key (paired_flash, open_flash) into a flash without one; what has one keeps it.

    flash: has read(address, n) and program(address, data) of at most 256 bytes within a page.
    """
    _, lib = load()
    first, page = lib.SW_TRUST_SECTOR * lib.SW_STORE_SECTOR_BYTES, 256
    if flash.read(first, page) == b"\xff" * page:
        for at in range(first, len(content), page):
            flash.program(at, content[at : at + page])


def has_published_key(hal: Any) -> bool:
    """The flash behind this sw_hal is that of an emulated board: anybody could speak as its host."""
    ffi, lib = load()
    seen = ffi.new("sw_trust *")
    lib.sw_trust_init(seen)
    lib.sw_trust_step(seen, hal, 0)
    return bool(seen.state == lib.SW_TRUST_PAIRED) and bytes(seen.key) == trust.TEST_KEY


def c_chain() -> tuple[ChainOps, tuple[Any, ...]]:
    """The C chain as addresses, in memory of its own, and what must stay alive with it."""
    ffi, lib = load()
    room = ffi.new("char[]", lib.sw_chain_size() + ALIGN)
    base = int(ffi.cast("uintptr_t", room))
    names = ("init", "step", "place", "correct", "measure", "still")
    calls = {name: int(ffi.cast("uintptr_t", ffi.addressof(lib, f"sw_chain_{name}"))) for name in names}
    return ChainOps(base + -base % ALIGN, parameters_hash=lib.sw_chain_parameters_hash(), **calls), (room,)


def make_hal(functions: Mapping[str, int], context: int) -> Any:
    """An sw_hal whose functions are these addresses, by field name, all called with the same context."""
    ffi, _ = load()
    hal = ffi.new("sw_hal *")
    for name, member in ffi.typeof("sw_hal").fields:
        if member.type.kind == "pointer" and member.type.item.kind == "void":
            setattr(hal, name, ffi.cast("void *", context))
        else:
            setattr(hal, name, ffi.cast(member.type, functions[name]))
    return hal


class Firmware:
    """One device. hal: an sw_hal (make_hal, or ffi.new with callbacks); it is copied, its targets must stay alive.

    Raises ConfigError when the chip cannot do the config, FirmwareError when floats are flushed to zero.
    """

    def __init__(self, hal: Any, config: RadarConfig | None = None, chain: ChainOps | None = None) -> None:
        self.ffi, self.lib = load()
        self.config = config or RadarConfig()
        size = self.lib.sw_firmware_size()
        self._memory = self.ffi.new("char[]", size + ALIGN)
        self.ffi.memmove(self._memory, RAM_AT_POWER_ON * (size + ALIGN), size + ALIGN)
        base = int(self.ffi.cast("uintptr_t", self._memory))
        self._fw = self.ffi.cast("sw_firmware *", base + -base % ALIGN)
        ops = self._chain_ops(chain) if chain else self.ffi.NULL
        radar = self.ffi.new("sw_radar_config *", asdict(self.config))
        self._start_or_raise(self.lib.sw_firmware_init(self._fw, hal, radar, ops))

    def _chain_ops(self, chain: ChainOps) -> Any:
        ops = self.ffi.new("sw_chain_ops *")
        ops.state = self.ffi.cast("void *", chain.state)
        for name in ("init", "step", "place", "correct", "measure", "still"):
            setattr(ops, name, self.ffi.cast(self.ffi.typeof(getattr(ops, name)), getattr(chain, name)))
        ops.parameters_hash = chain.parameters_hash
        return ops

    def _start_or_raise(self, status: int) -> None:
        if status == 0:
            return
        name = self._error_name(status)
        if name in REFUSALS:
            raise ConfigError(f"radar config {REFUSALS[name]}, got {self.config}")
        raise FirmwareError(f"the firmware does not start: {name}")

    def _error_name(self, status: int) -> str:
        return str(self.ffi.string(self.ffi.cast("sw_error", status)))

    @property
    def step_address(self) -> int:
        """Of uint64_t sw_firmware_step(void *, uint64_t now_us, uint32_t event)."""
        return int(self.ffi.cast("uintptr_t", self.ffi.addressof(self.lib, "sw_firmware_step")))

    @property
    def state_address(self) -> int:
        """What the step function is called with."""
        return int(self.ffi.cast("uintptr_t", self._fw))

    def step(self, now_us: int, event: int) -> int:
        """One event by hand. Returns the next deadline in us, 2**64 - 1 for none."""
        return int(self.lib.sw_firmware_step(self._fw, now_us, event))

    def check(self) -> None:
        """Raises FirmwareError when the firmware stopped itself."""
        if self._fw.error != 0:
            raise FirmwareError(f"the firmware stopped: {self._error_name(self._fw.error)}")

    @property
    def state(self) -> Any:
        """The whole sw_firmware (native/include/sw_firmware_state.h), to read."""
        return self._fw

    @property
    def uplink_state(self) -> str:
        """boot, standby, monitoring or streaming."""
        return self._word("sw_uplink", "SW_UPLINK_", self._fw.policy.state)

    @property
    def driver_state(self) -> str:
        """What the radar driver waits for: sleeping .. running, waiting (sw_driver.h)."""
        return self._word("sw_driver_state", "SW_DRIVER_", self._fw.driver.state)

    @property
    def self_test(self) -> str:
        """not_run, passed, failed or skipped_rx1_off."""
        return self._word("sw_self_test", "SW_SELF_TEST_", self._fw.driver.self_test)

    def _word(self, enum: str, prefix: str, value: int) -> str:
        return str(self.ffi.string(self.ffi.cast(enum, value))).removeprefix(prefix).lower()

    @property
    def last_output(self) -> Any:
        """The chain's output for the last frame, an sw_chain_out *."""
        return self.ffi.addressof(self._fw, "last")

    def last(self) -> dict[str, Any]:
        """The chain's output for the last frame: the fields of sw_chain_out; wave_um: list of wave_n values."""
        out = self._fw.last
        fields = {name: int(getattr(out, name)) for name in dir(out) if name != "wave_um"}
        return fields | {"wave_um": list(out.wave_um)[: out.wave_n]}

    def counters(self) -> dict[str, int]:
        """Counters of machine, driver, line and time per uplink state (`<state>_us`)."""
        machine, driver, line = self._fw.counters, self._fw.driver.counters, self._fw.deframer.counters
        found = {name: int(getattr(machine, name)) for name in dir(machine) if name != "state_us"}
        found |= {f"driver_{name}": int(getattr(driver, name)) for name in dir(driver)}
        found |= {f"line_{name}": int(getattr(line, name)) for name in dir(line)}
        found |= {"dropped_packets": self._fw.outbox.dropped_packets, "bytes_sent": self._fw.outbox.bytes_sent}
        for value in range(self.lib.SW_UPLINK_COUNT):
            found[f"{self._word('sw_uplink', 'SW_UPLINK_', value)}_us"] = int(machine.state_us[value])
        return found

    def timing(self) -> dict[str, int]:
        """What the registers programme: the fields of sw_radar_timing."""
        return {name: int(getattr(self._fw.driver.timing, name)) for name in dir(self._fw.driver.timing)}
