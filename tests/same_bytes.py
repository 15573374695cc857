"""One scenario of a device with a cloud, on any home of the firmware and on the Pi's look-alike, and what it left.

Rule: a scenario is frozen numbers and functions of them; whoever compares two runs also counts what must have happened.
"""

from __future__ import annotations

import functools
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cloud import report
from edge.hal.raspberry_pi.settings import Pins
from hw_sim.raspberry_pi.virtual_pi import VirtualPi
from hw_sim.rig import DATA_TYPES, Rig
from tests import ten_minutes
from tests.cloud_host import CloudHost
from tests.pi_device import PacedFlash, PiDevice, put_flash
from wire import packet, table, trust
from wire.packet import Packet

HOMES = ("posix", "arm", "aarch64", "arm_m7", "arm_m33")


@dataclass(frozen=True)
class Minutes:
    """seconds, seed, flash_bytes: of the run. before: its flash at power-on, of a paired device; host: with this store.

    standby_s: the switch goes on half a second later.
    """

    seconds: int
    seed: int
    t0_utc_us: int
    flash_bytes: int
    standby_s: int
    before: Callable[[], bytes]
    host: Callable[[Path], CloudHost]

    @property
    def standby_us(self) -> int:
        return self.standby_s * 1_000_000 + 500_000


@dataclass(frozen=True)
class Run:
    """What the minutes left. data: the store's digest of the packets; wear: erases of each sector."""

    digest: str
    data: str
    heard: list[Packet]
    pins: list[tuple[int, str, int]]
    wear: list[int]
    refused: int


def when_power_fails(rig: Rig, operation: int) -> bytes:
    """The flash as a power cut in the middle of this operation leaves it, 1 being the next."""
    left: list[bytes] = []
    start_again = rig.board.on_reset
    assert start_again is not None

    def power_is_gone() -> None:
        left.append(rig.board.flash)
        start_again()

    rig.board.on_reset = power_is_gone
    rig.board.cut_power_at_flash(operation, 0.5)
    while not left:
        rig.run(1.0)
    return left[0]


def run(minutes: Minutes, target: str = "host", flash: bytes | None = None) -> Run:
    """On the emulated board. flash: another one at power-on."""
    with tempfile.TemporaryDirectory() as name:
        db = Path(name) / "night.sqlite"
        host = minutes.host(db)
        made = {"seed": minutes.seed, "t0_utc_us": minutes.t0_utc_us, "flash_bytes": minutes.flash_bytes}
        with Rig(ten_minutes.scene(minutes.seed), target=target, paired=True, **made) as rig:
            rig.board.load_flash(minutes.before() if flash is None else flash)
            rig.attach(host)
            rig.at(minutes.standby_us, lambda: rig.set_standby(True))
            rig.run(minutes.seconds)
            refused = int(rig.board.memory.tx_refused)
            digest, pins, wear = rig.counts.digest, rig.pins, rig.board.flash_wear
        host.finish()
        return Run(digest, report.data_digest(db), host.heard, pins, wear, refused)


@functools.cache
def on(minutes: Minutes, target: str = "host") -> Run:
    """As run(), once."""
    return run(minutes, target)


def on_the_pi(minutes: Minutes) -> tuple[Run, dict[str, float]]:
    """Through the Pi's HAL over spidev, gpiod and smbus2 look-alikes; and what it took. Its pins are the buzzer alone."""
    scene = ten_minutes.scene(minutes.seed)
    with tempfile.TemporaryDirectory() as name, VirtualPi(scene, minutes.seed) as pi:
        folder = Path(name)
        host = minutes.host(folder / "night.sqlite")
        put_flash(folder, minutes.before(), minutes.flash_bytes)
        with PiDevice(pi, folder, flash_bytes=minutes.flash_bytes) as device:
            device.board.flash = PacedFlash(device.settings.flash, pi.now_us, minutes.flash_bytes)
            heard = 0

            def exchange(t_us: int) -> None:
                nonlocal heard
                sent = device.sent_from(heard)
                heard += len(sent)
                device.line.to_device += host.exchange(minutes.t0_utc_us + t_us, sent)

            pi.host = exchange
            exchange(0)
            switch = Pins().standby
            assert switch is not None
            pi.at(minutes.standby_us, lambda: pi.header.set_input(switch, 0))
            wall_s = device.run(minutes.seconds)
            buzzer = [(t_ns // 1000, "buzzer", level) for t_ns, pin, level in pi.header.log if pin == Pins().buzzer]
            digest = hashlib.sha256(device.sent).hexdigest()
        host.finish()
        data = report.data_digest(folder / "night.sqlite")
        return Run(digest, data, host.heard, buzzer[1:], [], 0), {"wall s": wall_s}


def data_of(run: Run) -> list[Packet]:
    """What came of data packets."""
    return [one for one in run.heard if one.type in (*DATA_TYPES, packet.GAP)]


def boots(run: Run) -> tuple[int, int]:
    """Of before the power cut, and of now."""
    now = next(one.boot for one in run.heard if one.type == packet.HELLO)
    (before,) = {one.boot for one in run.heard} - {now}
    return before, now


def gaps(run: Run, reason: str, what: str = "PACKETS") -> Iterator[dict[str, int]]:
    """Of this boot."""
    _, now = boots(run)
    for one in run.heard:
        is_meant = one.type == packet.GAP and one.boot == now and one.fields["what"] == table.Gap[what]
        if is_meant and one.fields["reason"] == table.Reason[reason]:
            yield {name: int(value) for name, value in one.fields.items() if isinstance(value, int)}


def not_genuine(heard: list[Packet]) -> list[Packet]:
    """From the first session on: packets without the tag of one that was opened by then. Announcements bear none."""
    keys: list[trust.Key] = []
    found = []
    for one in heard:
        if one.type == packet.HELLO and one.fields["host_nonce"]:
            nonces = (int(str(one.fields[name])) for name in ("nonce", "host_nonce"))
            keys.append(trust.session_key(trust.TEST, *nonces, one.boot))
        elif one.type == packet.HELLO or not keys:
            continue
        if not any(trust.genuine(key, one) for key in reversed(keys)):
            found.append(one)
    return found


def keeps_of_before(run: Run) -> bool:
    """By its last answer the device still keeps packets of before the power cut."""
    *_, last = [one.fields for one in run.heard if one.type == packet.PONG]
    return bool(last["oldest_boot"] == boots(run)[0])
