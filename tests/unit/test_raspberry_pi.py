"""Unmodified scripts of a Raspberry Pi: what they import is the board, and their sleep is its time."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from front.env import ROOT
from hw_sim.raspberry_pi.script import main

COMMON = """
import sys, time
import spidev
spi = spidev.SpiDev()
spi.open(0, 0)
spi.max_speed_hz = 20_000_000
def access(word): return int.from_bytes(bytes(spi.xfer2(list(word.to_bytes(4, "big")))[1:]), "big")
def read(a): return access(a << 25)
def write(a, v): return access(a << 25 | 1 << 24 | v)
def begin():
    for a, v in WORDS: write(a, v)
    write(0, 0x1E8271)
# 42 ms a frame: a machine that is busy for seconds does not overflow the FIFO
WORDS = [(4, 0x996524), (1, 40 << 14 | 0x240), (6, 0x700000 | 95), (0x11, 7 << 20 | 1 << 10 | 31), (0x16, 0x490),
  (0x2C, 70 << 14 | 15 << 10 | 14), (0x2D, 12 << 19 | 100 << 11 | 2 << 9 | 10), (0x2E, 3 << 12),
  (0x2F, 1 << 22 | 240 << 14 | 15 << 9 | 30), (0x30, 0xF5208C), (0x31, 420), (0x32, 200), (0x33, 16),
  (0x37, 1 << 19 | 37 << 11 | 1 << 4)]
def burst():
    rx = spi.xfer3([0xFF, 0xC0, 0, 0] + [0] * 288)[4:]
    return [rx[3 * i] << 4 | rx[3 * i + 1] >> 4 for i in range(96)]
def exact(samples, frame):
    return all(s == (2 * i % 48 + 7 * (2 * i // 48) + 131 * frame) & 0xFFF for i, s in enumerate(samples))
def check(ok):
    if not ok: sys.exit("wrong: " + repr(ok))
"""
LIBGPIOD = """
import gpiod
from gpiod.line import Direction, Edge, Value
request = gpiod.request_lines("/dev/gpiochip0", consumer="x", config={
    12: gpiod.LineSettings(direction=Direction.OUTPUT, output_value=Value.ACTIVE),
    25: gpiod.LineSettings(direction=Direction.INPUT, edge_detection=Edge.RISING)})
begin()
for frame in range(5):
    check(request.wait_edge_events(timeout=5))
    events = request.read_edge_events()
    check(exact(burst(), frame))
request.release()
"""
RPI_GPIO = """
import RPi.GPIO as GPIO
GPIO.setwarnings(False)
GPIO.setmode(GPIO.BCM)
GPIO.setup(12, GPIO.OUT, initial=GPIO.HIGH)
GPIO.setup(25, GPIO.IN, pull_up_down=GPIO.PUD_DOWN)
frames = []
GPIO.add_event_detect(25, GPIO.RISING, callback=lambda channel: frames.append(burst()) if GPIO.input(25) else None)
GPIO.output(12, GPIO.LOW); time.sleep(0.001); GPIO.output(12, GPIO.HIGH)
begin()
end = time.time() + 5
while len(frames) < 5 and time.time() < end: time.sleep(0.002)
check(all(exact(f, i) for i, f in enumerate(frames[:5])) and len(frames) >= 5)
GPIO.cleanup()
"""
GPIOZERO = """
from gpiozero import DigitalInputDevice, DigitalOutputDevice
rst, irq = DigitalOutputDevice(12), DigitalInputDevice("GPIO25")
rst.on(); time.sleep(0.001); rst.off(); time.sleep(0.001); rst.on()
begin()
for frame in range(5):
    check(irq.wait_for_active(5))
    check(exact(burst(), frame))
rst.close(); irq.close()
"""
SCRIPTS = {"libgpiod": LIBGPIOD, "RPi.GPIO": RPI_GPIO, "gpiozero": GPIOZERO}


@pytest.mark.parametrize("mode", [[], ["--virtual"]], ids=["wall clock", "virtual"])
@pytest.mark.parametrize("library", SCRIPTS)
def test_a_script_reads_frames_bit_exact(tmp_path: Path, library: str, mode: list[str]) -> None:
    script = tmp_path / "script.py"
    script.write_text(COMMON + SCRIPTS[library])
    assert main([*mode, str(script)]) == 0
    assert "spidev" not in sys.modules


def test_sleep_takes_virtual_time_alone(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        COMMON + "t = time.monotonic(), time.time()\ntime.sleep(3600)\n"
        "check(time.monotonic() - t[0] == 3600 and abs(time.time() - t[1] - 3600) < 1e-3)\n"
    )
    before_s, sleep = time.monotonic(), time.sleep
    assert main(["--virtual", str(script)]) == 0
    assert time.monotonic() - before_s < 60 and time.sleep is sleep


def test_the_kernels_buffer_is_what_was_asked_for(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(COMMON + "check(int(open('/sys/module/spidev/parameters/bufsiz').read()) == 8192)\n")
    assert main(["--virtual", "--bufsiz", "8192", str(script)]) == 0


def test_arguments_and_exit_codes_go_through(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import sys\nassert __name__ == '__main__'\nsys.exit(int(sys.argv[1]))\n")
    assert main(["--virtual", str(script), "7"]) == 7


def test_a_script_that_is_none_and_a_source_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.py")]) == 2
    (tmp_path / "script.py").write_text("")
    assert main(["--source", "nowhere", str(tmp_path / "script.py")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_from_the_command_line(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(COMMON + LIBGPIOD)
    command = [sys.executable, "-m", "hw_sim.raspberry_pi", "--virtual", str(script)]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode == 0
