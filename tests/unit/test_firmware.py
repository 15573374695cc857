"""The whole event machine: what it says, when it says it, and above all when it says nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.config import ConfigError, RadarConfig
from edge.core import load
from edge.firmware import Firmware, FirmwareError
from tests import kept
from tests.device import Device, Think
from wire import packet, table, values
from wire.packet import Packet

ffi, lib = load()
HOST_HELLO = packet.make(packet.HOST_HELLO, {"nonce": 77, "utc_us": 1_700_000_000_000_000})
PING = packet.make(packet.PING, {"nonce": 55})
SILENT = (lib.SW_UPLINK_MONITORING, lib.SW_UPLINK_STANDBY)


class Sleeper:
    """A chain that is told what to think: confidence, and ten waveform samples a second."""

    def __init__(self, confidence: int = 0, **fields: int) -> None:
        self.confidence = confidence
        self.fields = fields
        self.waves = 0

    def __call__(self, out: dict[str, Any]) -> None:
        self.waves += 1
        out |= {"confidence": self.confidence, "wave_validity": 200, **self.fields}
        if self.waves % 2 == 0:
            wave_t_us = 100_000 * (self.waves // 2)
            out |= {"wave_n": 1, "wave_um": [self.waves // 2], "wave_t_us": wave_t_us}


def device(think: Think | None = None, **more: Any) -> Device:
    return Device(think=think or Sleeper(), **more)


def types(packets: list[Packet]) -> list[str]:
    names = {value: name for name, value in vars(packet).items() if name.isupper() and isinstance(value, int)}
    return [names[one.type] for one in packets]


def streaming(**more: Any) -> tuple[Device, Sleeper]:
    """A device that streams since a while; what it sent so far is taken."""
    sleeper = Sleeper(confidence=220)
    d = device(sleeper, **more).run(12.0)
    assert d.fw.uplink_state == "streaming"
    d.take()
    return d, sleeper


# the boot announcement and the silence after it


def test_three_hellos_announce_a_boot_and_nothing_else_is_sent() -> None:
    d = device()
    sizes = {}
    for second in (0.4, 0.6, 2.9, 3.1, 5.9, 6.1, 60.0):
        d.run(second - d.now_us / 1e6)
        sizes[second] = len(d.sent)
    one = sizes[0.6]
    assert list(sizes.values()) == [0, one, one, 2 * one, 2 * one, 3 * one, 3 * one]
    assert types(d.take()) == ["HELLO"] * 3


def test_the_announcement_tells_nothing_of_the_room() -> None:
    empty, person = device(Sleeper(0)).run(5.0), device(Sleeper(255)).run(5.0)
    without_time = [[(p.type, p.seq, p.payload) for p in d.take()] for d in (empty, person)]
    assert without_time[0] == without_time[1]
    assert len(without_time[0]) == 2


def test_a_boot_has_a_number_and_a_nonce_of_its_own() -> None:
    hellos = [device(seed=seed).run(1.0).take()[0] for seed in (1, 2)]
    assert hellos[0].boot != hellos[1].boot
    assert hellos[0].fields["nonce"] != hellos[1].fields["nonce"]


def test_in_standby_from_power_on_the_announcement_is_all() -> None:
    d = device(Sleeper(255), standby=1).run(30.0)
    assert types(d.take()) == ["HELLO"] * 3
    assert d.fw.uplink_state == "standby"


# answers


@pytest.mark.parametrize("confidence", [0, 120])
def test_answers_in_silence_have_one_length_whoever_is_there(confidence: int) -> None:
    d = device(Sleeper(confidence)).run(10.0)
    d.take()
    d.host(HOST_HELLO, PING)
    d.run(1.0)
    size = len(d.sent)
    hello, pong = d.take()
    assert (hello.fields["host_nonce"], pong.fields["nonce"]) == (77, 55)
    assert (hello.seq, pong.seq) == (0, 0)
    assert size == (table.LAYOUTS[packet.HELLO].n_bytes + table.LAYOUTS[packet.PONG].n_bytes) + 2 * (20 + 4 + 2)


def test_garbage_on_the_line_is_not_answered() -> None:
    d = device().run(10.0)
    d.take()
    d.inbox += bytes(range(256)) * 40 + b"\0"
    d.host(PING)
    d.run(1.0)
    d.host(PING)
    d.run(1.0)
    assert types(d.take()) == ["PONG"] * 2


def test_a_hello_without_a_nonce_is_not_answered() -> None:
    d = device().run(10.0)
    d.take()
    d.host(packet.make(packet.HOST_HELLO, {"nonce": 0, "utc_us": 1}))
    d.run(1.0)
    assert d.take() == []


def test_an_acknowledgement_counts_for_this_boot_and_for_what_was_sent() -> None:
    d, _ = streaming()
    boot, seq = d.fw.state.boot, d.fw.state.delivery.newest
    for given_boot, given_seq in ((boot + 1, seq), (boot, seq + 1), (boot, 2), (boot, 1)):
        d.host(packet.make(packet.ACK, {"boot": given_boot & 0xFFFFFFFF, "seq": given_seq, "sack": 0, "credit": 256}))
        d.run(0.01)
    assert kept.oldest(d) == 3


# streaming


def test_a_confident_chain_streams_after_a_transition_that_tells_the_silence() -> None:
    d = device(Sleeper(220)).run(9.5)
    sent = d.take()
    assert types(sent)[:4] == ["HELLO", "HELLO", "HELLO", "TRANSITION"]
    assert types(sent)[4] == "HELLO"  # nobody was heard of: it calls
    assert set(types(sent)[5:]) == {"VITALS"}
    told = values.transition(sent[3])
    assert (told.from_state, told.to_state) == ("monitoring", "streaming")
    assert (told.silent_from_us, told.silent_to_us) == (0, sent[3].t_us)
    assert told.silent_reason == "booted"
    assert "confidence" in told.reason


def test_a_packet_goes_out_each_second_of_chip_time() -> None:
    d, _ = streaming()
    d.run(10.0)
    sent = d.take()
    assert [b.t_us - a.t_us for a, b in zip(sent, sent[1:], strict=False)] == [1_000_000] * 9
    assert [p.seq for p in sent] == list(range(sent[0].seq, sent[0].seq + 10))


def test_the_waveform_of_a_second_is_whole_and_has_its_time() -> None:
    d, _ = streaming()
    d.run(5.0)
    waves = [values.vitals(p) for p in d.take()]
    samples = [one for wave in waves for one in wave.wave_um or ()]
    assert samples == list(range(samples[0], samples[0] + 50))
    assert [w.wave_t_us for w in waves] == [100_000 * (w.wave_um or (0,))[0] for w in waves]


def test_samples_that_were_not_valid_leave_in_no_packet() -> None:
    d, sleeper = streaming()
    valid: set[int] = set()

    def think(out: dict[str, Any]) -> None:
        sleeper(out)
        out["wave_validity"] = 200 if sleeper.waves % 33 > 9 else 0
        if out["wave_validity"] and "wave_um" in out:
            valid.add(out["wave_um"][0])

    d.think = think
    d.run(20.0)
    sent = [one for p in d.take()[2:] for one in values.vitals(p).wave_um or ()]
    assert len(sent) > 50 and set(sent) <= valid


def test_unknown_values_leave_as_nothing_with_a_reason() -> None:
    d, sleeper = streaming()
    sleeper.fields = {"rate_centi_per_min": 1500, "distance_mm": 900, "distance_validity": 255, "azimuth_cdeg": 700}
    d.run(2.0)
    fields = d.take()[-1].fields
    assert (fields["respiration_rate"], fields["azimuth"], fields["distance"]) == (0, 0, 900)
    assert fields["respiration_reason"] == fields["position_reason"] == lib.SW_REASON_STARTING


def test_values_beyond_their_field_are_clamped() -> None:
    d, sleeper = streaming()
    sleeper.fields = {"confidence": 999, "rate_centi_per_min": 10**6, "rate_validity": 300, "azimuth_cdeg": -(10**6),
                      "direction_validity": 255, "motion_decidb": -5, "motion_validity": 1}  # fmt: skip
    d.run(2.0)
    fields = d.take()[-1].fields
    assert (fields["confidence"], fields["respiration_rate"], fields["respiration_validity"]) == (255, 65535, 255)
    assert (fields["azimuth"], fields["motion"]) == (-32768, 0)


def test_leaving_is_told_and_then_nothing_more_comes() -> None:
    d, sleeper = streaming()
    sleeper.confidence = 0
    d.run(60.0)
    sent = d.take()
    assert types(sent) == ["VITALS"] * (len(sent) - 1) + ["TRANSITION"]
    assert len(sent) == d.fw.state.policy.config.leave_s
    assert values.transition(sent[-1]).to_state == "monitoring"
    sleeper.confidence = 220
    d.run(4.0)
    back = values.transition(d.take()[0])
    assert back.silent_from_us == sent[-1].t_us
    assert back.silent_reason == "nobody in the user's place"


def test_the_standby_switch_ends_streaming_at_once() -> None:
    d, _ = streaming()
    d.switch(1)
    d.run(30.0)
    sent = d.take()
    assert types(sent) == ["TRANSITION"]
    assert values.transition(sent[0]).reason == "standby switch"
    assert not d.chip.transmitting
    d.host(PING)
    d.run(1.0)
    assert types(d.take()) == ["PONG"]
    d.switch(0)
    d.run(10.0)
    assert types(d.take())[:2] == ["TRANSITION", "VITALS"]


def test_a_radar_that_fails_ends_streaming_with_its_reason() -> None:
    d, _ = streaming()
    d.miso = lambda header, data: bytes(len(data))
    d.run(20.0)
    sent = d.take()
    assert types(sent) == ["FAULT", "TRANSITION"]
    assert values.transition(sent[1]).reason == "radar reads as zeros: no chip, no power, or a broken line"


def test_a_line_that_stays_low_stops_no_streaming() -> None:
    d, _ = streaming()
    d.irq_stuck_low = True
    d.run(20.0)
    assert types(d.take()).count("VITALS") >= 19


def test_a_failed_self_test_is_never_streamed_over() -> None:
    d = device(Sleeper(255), miso=lambda header, data: bytes(b | 4 for b in data) if len(data) > 4 else data)
    d.run(30.0)
    assert types(d.take()) == ["HELLO"] * 3
    assert d.fw.uplink_state == "monitoring"


# the line


@pytest.mark.parametrize("room", [1, 7, 100])
def test_a_slow_line_delays_packets_and_loses_none(room: int) -> None:
    d, _ = streaming()
    d.uart_room = room
    d.run(5.0)
    d.uart_room = None
    d.run(0.5)
    sent = d.take()
    assert [p.seq for p in sent] == list(range(sent[0].seq, sent[0].seq + len(sent)))
    assert len(sent) == 6  # seconds 12 to 17


def test_a_line_that_stands_still_costs_whole_packets_and_says_so() -> None:
    d, _ = streaming()
    d.uart_room = 0
    d.run(60.0)
    d.uart_room = None
    d.run(2.5)
    sent = d.take()
    missing = sent[-1].seq - sent[0].seq + 1 - len(sent)
    assert missing == d.fw.counters()["dropped_packets"] > 10


@given(st.lists(st.sampled_from(["person", "nobody", "on", "off", "ping", "stuck", "free", "wait"]), max_size=12))
@settings(max_examples=15)
def test_nothing_unasked_leaves_a_silent_device(events: list[str]) -> None:
    d = device(sleeper := Sleeper()).run(7.0)
    d.take()
    replies = 0
    for event in events:
        sleeper.confidence = {"person": 255, "nobody": 0}.get(event, sleeper.confidence)
        d.irq_stuck_low = {"stuck": True, "free": False}.get(event, d.irq_stuck_low)
        if event in ("on", "off"):
            d.switch(int(event == "on"))
        if event == "ping":
            d.host(PING)
            replies += 1
        for _ in range(8):
            before = d.fw.uplink_state
            d.run(1.0)
            sent = types(d.take())
            replies -= sent.count("PONG")
            data = [name for name in sent if name != "PONG"]
            if before != "streaming" and d.fw.uplink_state != "streaming":
                assert data == []
            elif data and before != "streaming":
                assert data[0] == "TRANSITION" or data == ["HELLO"]  # nobody was heard for a minute: it calls
            elif d.fw.uplink_state != "streaming":
                assert data == [] or data[-1] == "TRANSITION"
    assert replies == 0


# time, counters, construction


def test_time_in_each_state_adds_up() -> None:
    d, _ = streaming()
    d.switch(1)
    d.run(5.0)
    d.host(PING)
    d.run(0.001)
    counters = d.fw.counters()
    assert (
        sum(counters[f"{name}_us"] for name in ("boot", "standby", "monitoring", "streaming"))
        == d.fw.state.last_step_us
    )
    assert counters["boot_us"] == 6_000_000
    assert counters["standby_us"] == pytest.approx(5_000_000, abs=2_000)


def test_all_bytes_are_counted_by_their_kind() -> None:
    d, _ = streaming()
    d.host(PING)
    d.run(3.0)
    counters = d.fw.counters()
    kinds = sum(counters[name] for name in ("bytes_at_boot", "bytes_replied", "bytes_data"))
    assert kinds == counters["bytes_sent"] > 0


def test_without_an_own_chain_the_compiled_one_works() -> None:
    d = Device(config=RadarConfig()).run(1.0)
    assert d.fw.counters()["frames"] == 20
    assert d.fw.last()["frame"] == 19


def test_the_same_seed_gives_the_same_bytes() -> None:
    runs = [bytes(device(Sleeper(220), seed=5).run(12.0).sent) for _ in range(2)]
    assert runs[0] == runs[1]


def test_a_config_the_chip_cannot_do_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"^radar config n_samples, n_chirps: expected at most 16384 samples[^\n]*$"):
        Device(config=RadarConfig(n_samples=512, n_chirps=16, frame_period_ns=200_000_000))


def test_flush_to_zero_is_refused_at_the_entry(tmp_path: Path) -> None:
    """A library linked with fast-math sets flush-to-zero for the thread that loads it."""
    library = tmp_path / "fast.so"
    compile_command = ["gcc", "-shared", "-fPIC", "-ffast-math", "-x", "c", os.devnull, "-o", str(library)]
    subprocess.run(compile_command, check=True)
    program = (
        "import ctypes, sys\nfrom tests.device import Device\n"
        "d = Device().run(0.5)\nframes = d.fw.counters()['frames']\n"
        "assert d.chip.transmitting\n"
        f"ctypes.CDLL({str(library)!r})\n"
        "d.run(0.5)\nassert d.fw.counters()['frames'] == frames > 0\n"
        "assert not d.chip.transmitting\n"
        "from edge.firmware import FirmwareError\n"
        "for refused in (d.fw.check, Device):\n"
        "    try:\n        refused()\n    except FirmwareError as error:\n        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if done.stdout == "" and "assert" in done.stderr and os.uname().machine != "x86_64":
        pytest.skip("this compiler's fast-math does not set flush-to-zero")
    assert done.stdout.count("SW_ERROR_FLUSH_TO_ZERO") == 2, done.stderr


def test_a_stopped_firmware_says_so() -> None:
    d = device().run(0.5)
    d.fw.state.error = lib.SW_ERROR_FLUSH_TO_ZERO
    with pytest.raises(FirmwareError, match="SW_ERROR_FLUSH_TO_ZERO"):
        d.fw.check()


def test_the_default_config_of_both_languages_is_one() -> None:
    config = ffi.new("sw_radar_config *")
    lib.sw_config_default(config)
    fields = [getattr(config, name) for name, _ in ffi.typeof("sw_radar_config").fields]
    assert fields == RadarConfig().words()


def test_addresses_fit_a_board() -> None:
    fw: Firmware = device().fw
    assert fw.state_address % 16 == 0
    assert fw.step_address != 0
