"""Five minutes in which power and line fail and the flash goes round, on every CPU and on the Pi: one digest of all bytes.

What must have happened is counted: equal digests of nothing say nothing.
"""

from __future__ import annotations

import functools
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud import report
from edge.hal.raspberry_pi.flash_file import PAGE_BYTES, FlashFile
from edge.hal.raspberry_pi.settings import Pins
from hw_sim.raspberry_pi.virtual_pi import VirtualPi
from hw_sim.rig import DATA_TYPES, Rig
from tests import cut_minutes, ten_minutes
from tests.pi_device import PacedFlash, PiDevice
from wire import delivery, packet, table
from wire.packet import Packet

pytestmark = [pytest.mark.hil, pytest.mark.timeout(600)]
HOMES = ("posix", "arm", "aarch64", "arm_m7", "arm_m33")
RING = slice(8, 16)  # sectors
STANDBY_US = cut_minutes.STANDBY_S * 1_000_000 + 500_000
Figures = Callable[[str, dict[str, float]], None]


@dataclass(frozen=True)
class Run:
    """What the five minutes left. data: the store's digest of the packets; wear: erases of each sector."""

    digest: str
    data: str
    heard: list[Packet]
    pins: list[tuple[int, str, int]]
    wear: list[int]
    refused: int


@functools.cache
def on(target: str) -> Run:
    """On the emulated board."""
    with tempfile.TemporaryDirectory() as name:
        db = Path(name) / "night.sqlite"
        host = cut_minutes.host(db)
        scene = ten_minutes.scene(cut_minutes.SEED)
        made = {"seed": cut_minutes.SEED, "t0_utc_us": cut_minutes.T0_UTC_US, "flash_bytes": cut_minutes.FLASH_BYTES}
        with Rig(scene, target=target, paired=True, **made) as rig:
            rig.board.load_flash(cut_minutes.flash_of_before())
            rig.attach(host)
            rig.at(STANDBY_US, lambda: rig.set_standby(True))
            rig.run(cut_minutes.SECONDS)
            refused = int(rig.board.memory.tx_refused)
            digest, pins, wear = rig.counts.digest, rig.pins, rig.board.flash_wear
        host.finish()
        return Run(digest, report.data_digest(db), host.heard, pins, wear, refused)


def put(path: Path, content: bytes) -> None:
    """Writes content into a Pi's flash, page by page."""
    flash = FlashFile(path, lambda work: work(), cut_minutes.FLASH_BYTES)
    for at in range(0, len(content), PAGE_BYTES):
        page = content[at : at + PAGE_BYTES]
        if any(byte != 0xFF for byte in page):
            assert flash.program(at, page) >= 0


def on_the_pi() -> tuple[Run, dict[str, float]]:
    """Through the Pi's HAL over spidev, gpiod and smbus2 look-alikes; and what it took."""
    scene = ten_minutes.scene(cut_minutes.SEED)
    with tempfile.TemporaryDirectory() as name, VirtualPi(scene, cut_minutes.SEED) as pi:
        folder = Path(name)
        host = cut_minutes.host(folder / "night.sqlite")
        put(folder / "flash.bin", cut_minutes.flash_of_before())
        with PiDevice(pi, folder, flash_bytes=cut_minutes.FLASH_BYTES) as device:
            device.board.flash = PacedFlash(device.settings.flash, pi.now_us, cut_minutes.FLASH_BYTES)
            heard = 0

            def exchange(t_us: int) -> None:
                nonlocal heard
                sent = device.sent_from(heard)
                heard += len(sent)
                device.line.to_device += host.exchange(cut_minutes.T0_UTC_US + t_us, sent)

            pi.host = exchange
            exchange(0)
            switch = Pins().standby
            assert switch is not None
            pi.at(STANDBY_US, lambda: pi.header.set_input(switch, 0))
            wall_s = device.run(cut_minutes.SECONDS)
            buzzer = [(t_ns // 1000, "buzzer", level) for t_ns, pin, level in pi.header.log if pin == Pins().buzzer]
            digest = hashlib.sha256(device.sent).hexdigest()
        host.finish()
        data = report.data_digest(folder / "night.sqlite")
        return Run(digest, data, host.heard, buzzer[1:], [], 0), {"wall s": wall_s}


@pytest.mark.parametrize("target", [pytest.param(one, marks=pytest.mark.slow) for one in HOMES])
def test_every_home_puts_the_same_bytes_on_the_line(target: str, arm_tools: None, figures: Figures) -> None:
    reference, run = on("host"), on(target)
    figures(f"{target}, {run.digest}", {"packets heard": len(run.heard)})
    assert run.digest == reference.digest
    assert (run.data, run.wear, run.pins) == (reference.data, reference.wear, reference.pins)


def test_the_pi_puts_the_same_bytes_on_the_line(figures: Figures) -> None:
    reference = on("host")
    run, took = on_the_pi()
    figures(f"Pi, {run.digest}", took)
    assert run.digest == reference.digest
    assert run.data == reference.data
    assert run.pins == [edge for edge in reference.pins if edge[1] == "buzzer"]


def data(run: Run) -> list[Packet]:
    """What came of data packets."""
    return [one for one in run.heard if one.type in (*DATA_TYPES, packet.GAP)]


def boots(run: Run) -> tuple[int, int]:
    """Of before the power cut, and of now."""
    now = next(one.boot for one in run.heard if one.type == packet.HELLO)
    (before,) = {one.boot for one in run.heard} - {now}
    return before, now


def gaps(run: Run, reason: str) -> Iterator[dict[str, int]]:
    """Of this boot."""
    _, now = boots(run)
    for one in run.heard:
        if one.type == packet.GAP and one.boot == now and one.fields["reason"] == table.Reason[reason]:
            yield {name: int(value) for name, value in one.fields.items() if isinstance(value, int)}


def test_the_torn_packet_of_the_power_cut_is_named() -> None:
    run = on("host")
    before, _ = boots(run)
    (torn,) = {(one["boot"], one["first"], one["last"]) for one in gaps(run, "FLASH_TORN")}
    kept = {one.seq for one in data(run) if one.boot == before}
    assert torn == (before, max(kept) + 1, max(kept) + 1)


def test_the_ring_went_round_and_what_was_given_up_is_named() -> None:
    run = on("host")
    full = list(gaps(run, "STORE_FULL"))
    assert min(run.wear[RING]) >= 1  # each sector, those that held packets of before too
    assert sum(one["last"] - one["first"] + 1 for one in full) >= 100


def test_packets_of_before_the_power_cut_arrived() -> None:
    run = on("host")
    before, _ = boots(run)
    assert len({one.seq for one in data(run) if one.boot == before and one.type == packet.VITALS}) >= 100


@pytest.mark.parametrize("first, last", cut_minutes.CUTS)
def test_what_was_made_while_the_line_was_cut_came_afterwards(first: int, last: int) -> None:
    run = on("host")
    _, now = boots(run)
    made = {one.seq: one for one in data(run) if one.boot == now and first * 1e6 < one.t_us < last * 1e6}
    assert len([one for one in made.values() if one.type == packet.VITALS]) >= 0.8 * (last - max(first, 10))
    assert all(delivery.is_resent(one) for one in made.values())


def test_live_packets_go_before_the_backlog() -> None:
    run = on("host")
    for last in cut_minutes.BACK_S:
        order = [one for one in data(run) if one.boot == boots(run)[1]]
        first_live = next(i for i, one in enumerate(order) if one.t_us >= last * 1e6 and not delivery.is_resent(one))
        behind = [one for one in order[first_live:] if delivery.is_resent(one) and one.t_us < last * 1e6]
        assert behind


def test_the_orders_were_answered_and_one_was_lost_with_the_line() -> None:
    run = on("host")
    nonces = {one.fields.get("nonce") for one in run.heard}
    asked = {order[2]["nonce"]: order[0] for order in cut_minutes.ORDERS}
    lost = {nonce for nonce, second in asked.items() if any(a <= second < b for a, b in cut_minutes.CUTS)}
    assert len(lost) == 1
    assert nonces & set(asked) == set(asked) - lost
    assert next(t_us for t_us, pin, level in run.pins if pin == "buzzer" and level) == pytest.approx(280e6, abs=1e6)
    assert run.refused == 0
