"""The alarm of every day: set again for each next morning, and never over what the user did for that one."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cloud import app, daily_alarm, device
from cloud.alarm import AlarmSetting
from cloud.app import seeded
from cloud.daily_alarm import TABLE, Daily, Do, Found, Morning, Watch, current
from cloud.device import Device, Settings
from cloud.night_process import Cloud
from cloud.store import Store
from tests.bedside import Bedside
from wire import codec, packet, table
from wire.packet import Packet

S = 1_000_000
HOUR = 3600 * S
QUICK_S = 20


def utc(text: str) -> int:
    return round(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp()) * S


T0 = utc("2026-03-27T20:00")  # two evenings before the clocks of Berlin go forward
MORNING = utc("2026-03-28T05:45")  # 06:45 in Berlin


class Nights:
    """The cloud's commands and a bedside device, a tick every 20 s, while days go by. at: when what is done to it."""

    def __init__(self, time: str = "06:45", zone: str = "Europe/Berlin", bedside: Bedside | None = None) -> None:
        self.settings = Settings(None, None, zone, Daily(time, 600))
        self.bedside, self.utc_us = bedside or Bedside(), T0
        self.state, self.entropy = Device(), seeded(1)
        self.set: list[tuple[int, int]] = []  # (when, for when) of every ALARM_SET
        self._answers: list[Packet] = []

    def until(self, utc_us: int, step_s: int = QUICK_S, *, rings: bool = True) -> Nights:
        """rings: the device rings at its time and is dismissed."""
        while self.utc_us < utc_us:
            for answer in self._answers:
                device.receive(self.state, answer, self.utc_us)
            if rings and 0 < self.bedside.set_for <= self.utc_us:
                self.bedside.set_for = 0
            self.settings = device.settings_at(self.settings, self.utc_us)
            sent = codec.Decoder().feed(device.tick(self.state, self.settings, True, self.utc_us, self.entropy))
            for one in sent:
                if one.type == packet.ALARM_SET:
                    self.set.append((self.utc_us, int(one.fields["set_for_utc_us"])))  # type: ignore[arg-type]
            self._answers = [self.bedside.answer(one) for one in sent]
            self.utc_us += step_s * S
        return self

    def restart(self, time: str = "06:45") -> Nights:
        """The process ends; another, perhaps with another time, takes up what was committed."""
        self.state = msgspec.json.decode(msgspec.json.encode(self.state), type=Device)
        self.settings = Settings(None, None, "Europe/Berlin", Daily(time, 600))
        self._answers = []
        device.tick(self.state, self.settings, False, self.utc_us, self.entropy)
        return self

    @property
    def ringable(self) -> AlarmSetting | None:
        return device.ringable(self.state, self.settings)


def test_every_morning_of_a_month_is_set_once_and_before_it() -> None:
    nights = Nights().until(T0 + 30 * 24 * HOUR, 300)
    mornings = [utc("2026-03-28T05:45"), *(utc("2026-03-29T04:45") + n * 24 * HOUR for n in range(30))]
    assert [one for _, one in nights.set] == mornings
    assert all(when < one - 20 * HOUR for when, one in nights.set[1:])


def test_the_process_keeps_the_alarm_of_the_present_morning(tmp_path: Path) -> None:
    """In the store's meta, where the report looks."""
    with contextlib.closing(Store(tmp_path / "nights.sqlite")) as store:
        cloud = Cloud(store, seeded(1), "live", Settings(None, "left", "Europe/Berlin", Daily("06:45", 600)))
        found = []
        for utc_us in (T0, MORNING, MORNING + daily_alarm.MORNING_US):
            cloud.tick(utc_us)
            found.append(device.settings_of(store.meta()).alarm)
    assert found == [AlarmSetting(one, 600) for one in (MORNING, MORNING, utc("2026-03-29T04:45"))]


@pytest.mark.parametrize("text", ["", "7", "24:00", "06:60", "x:y"])
def test_a_wrong_time_ends_the_process_at_once(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app.main(["--serial", "loop://", "--db", "x", "--alarm", text])
    assert "--alarm" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("time", "zone", "begin", "mornings"),
    [
        # 02:30 is left out on the 29th: the earlier reading, 01:30 of the clock then
        ("02:30", "Europe/Berlin", "2026-03-27T20:00", ["03-28T01:30", "03-29T00:30", "03-30T00:30"]),
        # 02:30 comes twice on the 25th: it rings once, the first time
        ("02:30", "Europe/Berlin", "2026-10-23T20:00", ["10-24T00:30", "10-25T00:30", "10-26T01:30"]),
        ("06:45", "America/New_York", "2026-10-30T20:00", ["10-31T10:45", "11-01T11:45", "11-02T11:45"]),
        ("00:00", "Asia/Kathmandu", "2026-01-01T12:00", ["01-01T18:15", "01-02T18:15", "01-03T18:15"]),
    ],
)
def test_local_mornings_across_a_change_of_the_clock(time: str, zone: str, begin: str, mornings: list[str]) -> None:
    now, found = utc(begin), []
    for _ in mornings:
        found.append(current(Daily(time), zone, now).set_for_utc_us)
        now = found[-1] + daily_alarm.MORNING_US
    assert found == [utc(f"2026-{one}") for one in mornings]


def test_between_the_two_times_of_one_night_the_second_is_not_set() -> None:
    between = utc("2026-10-25T01:00") + daily_alarm.MORNING_US
    assert current(Daily("02:30"), "Europe/Berlin", between).set_for_utc_us == utc("2026-10-26T01:30")


def cancel(nights: Nights) -> None:
    nights.bedside.set_for = 0


def later(nights: Nights) -> None:
    nights.bedside.set_for = MORNING + 2 * HOUR


def dismiss_early(nights: Nights) -> None:
    nights.until(MORNING - 600 * S).bedside.set_for = 0


@pytest.mark.parametrize("hand", [cancel, later, dismiss_early])
@pytest.mark.parametrize("restarts", [False, True])
def test_what_the_user_did_for_a_morning_stands_and_the_next_is_ours(
    hand: Callable[[Nights], None], restarts: bool
) -> None:
    nights = Nights().until(T0 + HOUR)
    hand(nights)
    kept = nights.bedside.set_for
    if restarts:
        nights.restart()
    nights.until(MORNING - 60 * S)
    assert nights.bedside.set_for == kept and len(nights.set) == 1
    nights.until(MORNING + 12 * HOUR)
    assert nights.bedside.set_for == utc("2026-03-29T04:45")


def test_an_alarm_of_the_users_found_for_that_morning_is_never_replaced_or_rung_early() -> None:
    nights = Nights(bedside=Bedside(set_for=MORNING + HOUR)).until(MORNING - 60 * S)
    assert nights.set == [] and nights.bedside.set_for == MORNING + HOUR
    assert nights.ringable is None


def test_the_users_alarm_taken_back_leaves_that_morning_without_one() -> None:
    nights = Nights(bedside=Bedside(set_for=MORNING + HOUR)).until(T0 + HOUR)
    nights.bedside.set_for = 0
    assert nights.until(MORNING).set == []


def test_behind_the_alarm_of_a_nap_the_morning_is_set_again() -> None:
    nights = Nights().until(T0 + 600 * S)
    nights.bedside.set_for = nap = T0 + 2 * HOUR
    nights.until(nap - 60 * S)
    assert nights.bedside.set_for == nap
    nights.until(nap + 600 * S)
    assert nights.bedside.set_for == MORNING and nights.ringable is not None


def test_a_new_time_of_the_same_store_replaces_its_own_alarm() -> None:
    nights = Nights().until(T0 + HOUR).restart("07:15").until(T0 + 2 * HOUR)
    assert nights.bedside.set_for == MORNING + HOUR // 2


@pytest.mark.parametrize("state", ["RINGING", "SNOOZED", "STORING"])
def test_nothing_is_set_over_an_alarm_that_is_at_it(state: str) -> None:
    watch, alarm = Watch(ours_utc_us=T0), AlarmSetting(MORNING)
    daily_alarm.step(watch, alarm, T0)
    said = {"state": table.AlarmState[state], "stored": 1, "set_for_utc_us": T0 - S, "sunrise_s": 0}
    daily_alarm.heard(watch, said, T0, False)
    assert daily_alarm.step(watch, alarm, T0 + S) is (Do.READ if state == "STORING" else Do.NOTHING)


def test_a_device_that_still_waits_for_a_time_that_is_past_is_waited_for() -> None:
    """Its clock is slow: what it has must ring first."""
    nights = Nights().until(MORNING + 3 * HOUR, rings=False)
    assert nights.bedside.set_for == MORNING and len(nights.set) == 1


def test_the_flash_is_asked_until_it_has_it() -> None:
    nights = Nights(bedside=Bedside(stores_after=5)).until(T0 + HOUR)
    assert nights.state.armed_for_utc_us == MORNING and len(nights.set) == 1


def test_a_device_without_a_clock_is_asked_again() -> None:
    nights = Nights(bedside=Bedside(clock=False)).until(T0 + 600 * S)
    nights.bedside.clock = True
    assert nights.until(T0 + 700 * S).bedside.set_for == MORNING


def test_a_set_that_overwrites_blindly_would_be_seen() -> None:
    """The old way, planted: one instant, without a look."""
    nights = Nights(bedside=Bedside(set_for=MORNING + HOUR))
    nights.settings = Settings(AlarmSetting(MORNING, 600), None, "Europe/Berlin")
    assert nights.until(T0 + 600 * S).bedside.set_for == MORNING


@pytest.mark.parametrize("morning", Morning)
@pytest.mark.parametrize("found", Found)
def test_every_cell(morning: Morning, found: Found) -> None:
    """Sets only what is open, off or ours; what was left to the user stays so."""
    following, do = TABLE[morning][found]
    assert (do is Do.SET) == (morning is Morning.OPEN and found in (Found.OFF, Found.EARLIER))
    assert (do is Do.READ) == (morning is Morning.OPEN and found is Found.UNREAD)
    assert (following is Morning.THEIRS) == (morning is Morning.THEIRS or found is Found.NEAR)
    assert following is not Morning.OPEN or morning is Morning.OPEN or found is Found.FAR
