"""Settings and alarm as one snapshot: serialised whole, written when wanted, tried again when that failed."""

from __future__ import annotations

from typing import Any

from edge.core import load
from tests.torn_flash import TornFlash

ffi, lib = load()
MINUTE_US = 60_000_000


class Keeper:
    def __init__(self, flash: TornFlash | None = None) -> None:
        self.flash = flash or TornFlash()
        self.k: Any = ffi.new("sw_keeper *")
        lib.sw_keeper_init(self.k, self.flash.now_us)

    def run(self, seconds: float = 1.0) -> list[str]:
        """The news of the next seconds."""
        flash, news = self.flash, []
        end_us = flash.now_us + round(seconds * 1e6)
        while flash.now_us <= end_us:
            got = lib.sw_keeper_step(self.k, flash.hal, flash.now_us)
            if got != lib.SW_KEEPER_NOTHING:
                news.append(str(ffi.string(ffi.cast("sw_keeper_news", got))).removeprefix("SW_KEEPER_"))
            flash.now_us = max(flash.now_us + 1, min(self.k.at_us, end_us + 1))
        return news

    @property
    def held(self) -> bool:
        return bool(lib.sw_keeper_holds(self.k, self.flash.hal))


def test_every_field_survives_the_way_to_flash_and_back() -> None:
    kept, back = ffi.new("sw_kept *"), ffi.new("sw_kept *")
    kept.side, kept.bed_learnt, kept.place = 2, 1, bytes(range(1, 17))
    kept.alarm = {"set_for_utc_us": 2**61 + 5, "ring_utc_us": 2**61 + 3, "sunrise_s": 65535}
    kept.wake_window_s, kept.standby = 40_000, 1
    kept.radar = dict(
        zip((name for name, _ in ffi.typeof("sw_radar_config").fields), range(2**31, 2**31 + 11), strict=True)
    )
    content = ffi.new("uint8_t[]", lib.SW_STORE_BYTES)
    lib.sw_kept_put(kept, content)
    lib.sw_kept_get(back, content)
    assert bytes(ffi.buffer(back)) == bytes(ffi.buffer(kept))


def test_a_change_is_written_and_found_after_a_reboot() -> None:
    keeper = Keeper()
    assert keeper.run() == ["LOADED"]
    keeper.k.wanted.side = lib.SW_SIDE_RIGHT
    assert not keeper.held
    assert keeper.run() == ["STORED"] and keeper.held
    again = Keeper(keeper.flash)
    again.run()
    assert again.k.wanted.side == lib.SW_SIDE_RIGHT


def test_nothing_is_written_unless_something_changed() -> None:
    keeper = Keeper()
    keeper.run(10.0)
    assert keeper.flash.operations == 0


def test_a_change_during_a_write_is_written_too() -> None:
    keeper = Keeper()
    keeper.run()
    keeper.k.wanted.side = lib.SW_SIDE_LEFT
    lib.sw_keeper_step(keeper.k, keeper.flash.hal, keeper.flash.now_us)
    keeper.k.wanted.side = lib.SW_SIDE_RIGHT
    assert keeper.run() == ["STORED", "STORED"] and keeper.held


def test_a_failed_write_is_tried_again_after_a_minute() -> None:
    keeper = Keeper()
    keeper.run()
    keeper.flash.stuck = True
    keeper.k.wanted.side = lib.SW_SIDE_LEFT
    assert keeper.run(30.0) == ["FAILED"] and not keeper.held
    keeper.flash.stuck = False
    assert keeper.run(25.0) == []
    assert keeper.run(10.0) == ["STORED"] and keeper.held


def test_after_a_failed_write_even_the_old_content_is_written_again() -> None:
    keeper = Keeper()
    keeper.run()
    keeper.flash.stuck = True
    keeper.k.wanted.side = lib.SW_SIDE_LEFT
    keeper.run()
    keeper.flash.stuck, keeper.k.wanted.side = False, 0
    assert keeper.run() == ["STORED"]


def test_a_flash_that_is_busy_at_power_on_is_waited_for() -> None:
    before = Keeper()
    before.run()
    before.k.wanted.side = lib.SW_SIDE_LEFT
    before.run()
    before.flash.busy_until_us = before.flash.now_us + 45_000
    keeper = Keeper(before.flash)
    assert keeper.run() == ["LOADED"]
    assert keeper.k.wanted.side == lib.SW_SIDE_LEFT


def test_a_flash_that_never_answers_counts_as_empty_in_the_end() -> None:
    flash = TornFlash()
    flash.busy_forever = True
    keeper = Keeper(flash)
    assert keeper.run(59.9) == []
    assert keeper.run(0.2) == ["LOADED"] and not keeper.held
