"""The Pi's HAL over spidev, gpiod and smbus2 look-alikes puts the same bytes on the line as the native path.

Ten minutes with everything in them: host, alarm, switch, button. What must have happened is counted as well.
"""

from __future__ import annotations

import functools
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.firmware import paired_flash
from edge.hal.raspberry_pi.settings import Pins
from hw_sim.link_counts import Kind, LinkCounts, Seen
from hw_sim.raspberry_pi.virtual_pi import VirtualPi
from hw_sim.rig import DATA_TYPES, Rig
from tests import ten_minutes
from tests.pi_device import PacedFlash, PiDevice, put_flash
from wire import codec, packet, trust
from wire.packet import Packet

pytestmark = pytest.mark.hil
SEED = 1
PINS = Pins()
Figures = Callable[[str, dict[str, float]], None]


@dataclass(frozen=True)
class Run:
    """What ten minutes left."""

    bytes: bytes
    digest: str
    heard: list[Packet]
    buzzer: list[tuple[int, int]]


@functools.cache
def native() -> Run:
    """The board's functions bound by address."""
    host = ten_minutes.ScriptHost()
    with Rig(ten_minutes.scene(SEED), seed=SEED, t0_utc_us=ten_minutes.T0_UTC_US, paired=True) as rig:
        rig.attach(host)
        ten_minutes.pull_levers(rig)
        rig.run(ten_minutes.SECONDS)
        buzzer = [(t_us, value) for t_us, pin, value in rig.pins if pin == "buzzer"]
        return Run(bytes(rig.counts._sent), rig.counts.data_digest, host.heard, buzzer)


def data_digest(sent: list[tuple[int, bytes]]) -> str:
    """As the rig counts it, from the bytes alone."""
    decoder = codec.Decoder()

    def read(block: bytes) -> Seen | None:
        found = decoder.feed(block)
        if len(found) != 1 or found[0].type not in DATA_TYPES:
            return None
        return Seen(Kind.DATA, found[0].boot, None, found[0].seq, found[0].payload)

    counts = LinkCounts(read, lambda _: False)
    for t_us, data in sent:
        counts.write(t_us, data)
    return counts.data_digest


def pull_levers(pi: VirtualPi) -> None:
    """Switch and button as on the rig: closed to ground is on."""
    for second, what, value in ten_minutes.SCRIPT:
        if what in ten_minutes.LEVERS:
            line = PINS.standby if what == "standby" else PINS.button
            pi.at(second * 1_000_000 + 500_000, lambda line=line, level=1 - value: pi.header.set_input(line, level))


@functools.cache
def on_the_pi(bufsiz: int) -> tuple[Run, dict[str, float]]:
    """The same through spidev, gpiod and smbus2; and what it took."""
    host = ten_minutes.ScriptHost()
    with (
        tempfile.TemporaryDirectory() as name,
        VirtualPi(ten_minutes.scene(SEED), SEED, bufsiz=bufsiz) as pi,
    ):
        folder = Path(name)
        put_flash(folder, paired_flash(trust.test_device(SEED)))
        with PiDevice(pi, folder) as device:
            device.board.flash = PacedFlash(device.settings.flash, pi.now_us)
            heard = 0

            def exchange(t_us: int) -> None:
                nonlocal heard
                sent = device.sent_from(heard)
                heard += len(sent)
                device.line.to_device += host.exchange(ten_minutes.T0_UTC_US + t_us, sent)

            pi.host = exchange
            exchange(0)
            pull_levers(pi)
            wall_s = device.run(ten_minutes.SECONDS)
            counters = device.firmware.counters()
            pin = PINS.buzzer
            buzzer = [(t_ns // 1000, level) for t_ns, offset, level in pi.header.log if offset == pin][1:]
            run = Run(device.sent, data_digest(device.line.sent), host.heard, buzzer)
            busy_s = device.live.busy_us / 1e6
            figures = {
                "wall s": wall_s,
                "times real time": ten_minutes.SECONDS / wall_s,
                "windows a frame": device.board.spi.windows_per_frame,
                "frames": counters["frames"],
                "overflows": counters["driver_overflows"],
                "steps": device.live.steps,
                "virtual s in steps": busy_s,
            }
            return run, figures


@pytest.mark.timeout(400)  # the scene is compiled first
@pytest.mark.parametrize(("bufsiz", "windows"), [(4096, 3), pytest.param(65536, 1, marks=pytest.mark.slow)])
def test_the_pi_puts_the_same_bytes_on_the_line(bufsiz: int, windows: int, figures: Figures) -> None:
    reference = native()
    run, took = on_the_pi(bufsiz)
    figures(f"bufsiz {bufsiz}, data digest {run.digest[:16]}", took)

    assert run.digest == reference.digest
    assert run.bytes == reference.bytes
    assert run.buzzer == reference.buzzer
    assert (took["windows a frame"], took["overflows"]) == (windows, 0)


def test_what_is_compared_contains_what_it_should() -> None:
    kinds = Counter(one.type for one in native().heard)

    assert kinds[packet.VITALS] > 300
    assert kinds[packet.TRANSITION] >= 2
    assert kinds[packet.ALARM_EVENT] >= 3
    assert len(native().buzzer) >= 2
