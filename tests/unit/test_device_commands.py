"""What the cloud asks of the device: once it is stored it is believed, and until then it is asked again."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from cloud import device
from cloud.alarm import AlarmSetting, Config, RingAt
from cloud.app import seeded
from cloud.device import Device, Settings
from cloud.observations import Health, Row, Setting
from cloud.tuning import Tuning
from tests.bedside import Bedside
from wire import codec, packet, table
from wire.packet import Packet

S = 1_000_000
T0 = 1_770_000_000_000_000
SET_FOR = T0 + 3600 * S
WANTED = Settings(AlarmSetting(SET_FOR, 600), "right", "UTC")


class Line:
    """Ticks of a second between the cloud's commands and a bedside device; an answer comes with the next tick."""

    def __init__(self, bedside: Bedside | None = None, wanted: Settings = WANTED) -> None:
        self.bedside, self.wanted = bedside or Bedside(), wanted
        self.state, self.entropy = Device(), seeded(1)
        self.utc_us = T0
        self.rows: list[Row] = []
        self._answers: list[Packet] = []

    def run(self, seconds: int, *, linked: bool = True, deaf: bool = False, mute: bool = False) -> Line:
        """deaf: nothing reaches the device; mute: nothing of it reaches the cloud."""
        for _ in range(seconds):
            for answer in self._answers:
                self.rows += device.receive(self.state, answer, self.utc_us)
            self._answers = []
            sent = device.tick(self.state, self.wanted, linked, self.utc_us, self.entropy)
            answers = [self.bedside.answer(one) for one in codec.Decoder().feed(sent) if not deaf]
            self._answers = [] if mute else answers
            self.utc_us += S
        return self

    def restart(self) -> Line:
        """The process dies and another takes up what was committed."""
        self.state = msgspec.json.decode(msgspec.json.encode(self.state), type=Device)
        self.entropy, self._answers = seeded(2), []
        return self.run(1, linked=False)

    def asked(self) -> list[int]:
        """Beside the faults, which are asked for once a minute."""
        return [one.type for one in self.bedside.heard if one.type != packet.HEALTH_READ]

    def told(self) -> dict[str, str]:
        return {row.name: row.value for row in self.rows if isinstance(row, Setting)}

    def health(self) -> dict[int, Health]:
        """As the table keeps them: the last row of each beginning."""
        return {row.from_utc_us: row for row in self.rows if isinstance(row, Health)}


def test_alarm_and_side_are_set_and_read_back() -> None:
    line = Line().run(10)
    assert line.asked() == [packet.ALARM_SET, packet.SETTINGS_SET, packet.WAKE_WINDOW]
    armed = {device.ALARM: str(SET_FOR), device.ALARM_STATE: "armed", device.WINDOW: "1800"}
    assert line.told() == {"side": "right", **armed}


def test_the_wake_window_is_the_policys_and_in_the_devices_flash() -> None:
    ten = Tuning(alarm=Config(window_min=10))
    line = Line(wanted=replace(WANTED, tuning=ten)).run(10)
    assert (line.bedside.window_s, line.told()[device.WINDOW]) == (600, "600")


def test_a_wake_window_that_is_not_in_flash_is_not_told_and_ordered_again() -> None:
    line = Line(Bedside(flash_fails=True), replace(WANTED, alarm=AlarmSetting(SET_FOR + 7200 * S, 600))).run(30)
    assert device.WINDOW not in line.told() and line.state.window_s == -1
    line.bedside.flash_fails = False
    assert line.run(10).told()[device.WINDOW] == "1800"


def test_a_window_that_the_user_ordered_at_the_device_stays_and_is_shown() -> None:
    line = Line().run(10)
    line.bedside.window_s = 300
    line.run(1000).restart().run(10)
    assert (line.bedside.window_s, line.told()[device.WINDOW]) == (300, "300")


def test_without_an_alarm_no_window_is_ordered() -> None:
    assert Line(wanted=Settings(side="left")).run(30).asked() == [packet.SETTINGS_SET]


def test_nothing_is_asked_before_the_device_has_answered() -> None:
    assert Line().run(30, linked=False).asked() == []


def test_an_alarm_that_is_not_in_flash_is_not_armed() -> None:
    line = Line(Bedside(stores_after=10_000)).run(60)
    assert line.state.armed_for_utc_us == 0
    assert device.ALARM not in line.told()
    assert line.told()[device.ALARM_STATE] == "being stored"


def test_while_it_is_being_stored_it_is_read_and_not_set_again() -> None:
    line = Line(Bedside(stores_after=3)).run(20)
    assert line.asked().count(packet.ALARM_SET) == 1
    assert line.state.armed_for_utc_us == SET_FOR


def test_a_refused_alarm_is_asked_again_and_the_side_does_not_wait() -> None:
    bedside = Bedside(clock=False)
    line = Line(bedside).run(20)
    assert line.asked().count(packet.ALARM_SET) >= 3 and line.state.side_stored == "right"
    assert line.told()[device.ALARM_STATE] == "off: the clock is not set"
    bedside.clock = True
    assert line.run(10).state.armed_for_utc_us == SET_FOR


@pytest.mark.parametrize("way", ["deaf", "mute"])
def test_questions_are_repeated_until_one_is_answered(way: str) -> None:
    line = Line().run(20, **{way: True})  # type: ignore[arg-type]
    assert line.state.armed_for_utc_us == 0
    line.run(10)
    assert (line.state.armed_for_utc_us, line.state.side_stored) == (SET_FOR, "right")


def test_every_question_has_a_nonce_of_its_own() -> None:
    line = Line().run(20, mute=True)
    nonces = [one.fields["nonce"] for one in line.bedside.heard]
    assert len(nonces) == len(set(nonces)) >= 4 and 0 not in nonces


def test_an_answer_to_another_question_settles_nothing() -> None:
    line = Line()
    device.tick(line.state, WANTED, True, T0, line.entropy)
    device.tick(line.state, WANTED, True, T0, line.entropy)
    stale = Bedside(set_for=SET_FOR, sunrise_s=600).answer(packet.make(packet.ALARM_READ, {"nonce": 12345}))
    assert device.receive(line.state, stale, T0 + S) == []
    assert line.state.armed_for_utc_us == 0


def test_the_alarm_is_read_back_every_quarter_of_an_hour() -> None:
    line = Line().run(1900)
    assert line.asked().count(packet.ALARM_READ) == 2


def test_after_a_new_link_it_is_read_and_not_set_again() -> None:
    """What the user did at the device meanwhile is not undone from here."""
    line = Line().run(10)
    line.bedside.set_for = 0  # dismissed at the device
    line.bedside.heard.clear()
    line.run(3, linked=False).run(30)
    assert line.asked() == [packet.ALARM_READ, packet.ORDERS_READ]
    assert line.told()[device.ALARM_STATE] == "off"


def test_a_past_alarm_is_not_set() -> None:
    line = Line(wanted=Settings(AlarmSetting(T0 - S)))
    assert packet.ALARM_SET not in line.run(30).asked()


def test_a_ring_goes_out_before_everything_else_and_until_it_is_noted() -> None:
    line = Line().run(10)
    line.run(895)  # the alarm is being read
    device.ring(line.state, RingAt(line.utc_us + 20 * S, "light sleep"))
    wanted = line.state.ring_utc_us
    line.run(5, deaf=True).run(5)
    assert line.bedside.ring == wanted
    assert line.told()[device.NEXT_RING] == str(wanted)
    line.bedside.heard.clear()
    assert line.run(20).asked() == []


def test_a_restarted_process_asks_for_the_same_ring() -> None:
    line = Line().run(10)
    wanted = line.utc_us + 20 * S
    device.ring(line.state, RingAt(wanted, "light sleep"))
    line.run(2, deaf=True).restart().run(5)
    assert line.bedside.ring == wanted


def test_a_ring_that_is_due_is_asked_for_at_once() -> None:
    line = Line().run(10)
    device.ring(line.state, RingAt(line.utc_us, "light sleep"))
    line.run(1)
    assert line.bedside.heard[-1].type == packet.RING and line.bedside.heard[-1].fields["utc_us"] == 0


def test_a_ring_that_is_long_past_is_left_to_the_deadline() -> None:
    line = Line().run(10)
    device.ring(line.state, RingAt(line.utc_us, "light sleep"))
    line.run(70, linked=False).run(30)
    assert packet.RING not in line.asked()


def test_a_restart_while_an_alarm_is_armed_sets_it_no_second_time() -> None:
    line = Line().run(10).restart().run(10)
    before, after = [packet.ALARM_SET, packet.SETTINGS_SET, packet.WAKE_WINDOW], [packet.ALARM_READ, packet.ORDERS_READ]
    assert line.asked() == before + after


def test_without_settings_nothing_is_asked() -> None:
    assert Line(wanted=Settings()).run(30).asked() == []


def test_faults_are_asked_for_after_a_link_and_about_once_a_minute() -> None:
    line = Line(wanted=Settings()).run(150)
    assert [one.type for one in line.bedside.heard] == [packet.HEALTH_READ] * 3
    line.run(3, linked=False).run(2)
    assert len(line.bedside.heard) == 4


def test_a_device_that_knows_no_faults_is_not_pressed() -> None:
    line = Line(wanted=Settings()).run(150, mute=True)
    assert len(line.bedside.heard) == 3


def test_faults_wait_for_what_the_user_wants() -> None:
    line = Line().run(10)
    wanted = [packet.ALARM_SET, packet.SETTINGS_SET, packet.WAKE_WINDOW]
    assert [one.type for one in line.bedside.heard] == [*wanted, packet.HEALTH_READ]


def test_equal_answers_are_one_row_that_grows_and_another_begins_a_new_one() -> None:
    line = Line(wanted=Settings()).run(130)
    line.bedside.fault = int(table.Reason["IRQ_SILENT"])
    line.run(120)
    calm, faulty = line.health().values()
    assert (calm.from_utc_us, calm.to_utc_us, calm.present) == (T0 + S, T0 + 121 * S, "")
    assert (faulty.from_utc_us, faulty.to_utc_us) == (T0 + 181 * S, T0 + 241 * S)
    assert faulty.present == "radar's interrupt line stays low"


def test_after_a_long_absence_equal_answers_are_two_rows() -> None:
    line = Line(wanted=Settings()).run(10).run(300, linked=False).run(10)
    assert len(line.health()) == 2
