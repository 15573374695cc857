"""The Pi's SPI: windows of the kernel, headers of their own, refusals, and the errors between the pieces."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.hal.raspberry_pi.spi import RadarSpi, SpiUseError, kernel_bufsiz

HEADER = bytes([0xFF, 0xC0, 0, 0])
BURST = 9216


class FakeSpi:
    """Answers F0 and then counts; remembers every window and by which call it came."""

    def __init__(self, status: tuple[int, ...] = ()) -> None:
        self.calls: list[tuple[str, list[int]]] = []
        self._status = list(status)
        self._next = 0

    def _answer(self, name: str, values: list[int]) -> list[int]:
        self.calls.append((name, values))
        n = len(values) - 4
        data = [(self._next + i) % 251 for i in range(n)]
        self._next += n
        return [self._status.pop(0) if self._status else 0xF0, 0, 0, 0, *data]

    def xfer2(self, values: list[int]) -> list[int]:
        assert len(values) <= 4096
        return self._answer("xfer2", list(values))

    def xfer3(self, values: list[int]) -> tuple[int, ...]:
        return tuple(self._answer("xfer3", list(values)))


def burst(spi: RadarSpi, n: int = BURST) -> tuple[int, bytes]:
    spi.cs(0)
    status = spi.xfer(HEADER, 4)[0]
    data = spi.xfer(None, n)
    spi.cs(1)
    return status, data


@pytest.mark.parametrize(
    ("bufsiz", "windows"),
    [
        (4096, [4096, 4096, 1036]),
        (65536, [9220]),
        (9220, [9220]),
        (9219, [9217, 7]),
        (65535, [9220]),
        (1024, [1024] * 9 + [40]),
    ],
)
def test_every_window_has_its_own_header_and_whole_words(bufsiz: int, windows: list[int]) -> None:
    device = FakeSpi()

    status, data = burst(RadarSpi(device, BURST, bufsiz))

    assert [len(values) for _, values in device.calls] == windows
    assert all(bytes(values[:4]) == HEADER and set(values[4:]) == {0xFF} for _, values in device.calls)
    assert all((len(values) - 4) % 3 == 0 for _, values in device.calls)
    assert (status, data) == (0xF0, bytes(i % 251 for i in range(BURST)))


def test_long_windows_go_through_xfer3() -> None:
    device = FakeSpi()

    burst(RadarSpi(device, BURST, 65536))

    assert [name for name, _ in device.calls] == ["xfer3"]


def test_data_may_be_taken_in_parts_of_one_window() -> None:
    spi = RadarSpi(FakeSpi(), BURST, 4096)
    spi.cs(0)
    spi.xfer(HEADER, 4)

    parts = [spi.xfer(None, n) for n in (10, 5000, BURST - 5010)]

    assert b"".join(parts) == bytes(i % 251 for i in range(BURST))


def test_an_error_of_the_chip_between_the_pieces_is_an_error() -> None:
    spi = RadarSpi(FakeSpi(status=(0xF0, 0xF8)), BURST, 4096)

    with pytest.raises(OSError, match="inside a frame"):
        burst(spi)


def test_an_error_of_the_first_piece_is_the_firmwares_to_see() -> None:
    spi = RadarSpi(FakeSpi(status=(0xF8,)), BURST, 4096)
    spi.cs(0)

    assert spi.xfer(HEADER, 4)[0] == 0xF8


def test_a_firmware_that_reads_in_windows_of_its_own_gets_whole_frames_from_the_second_on() -> None:
    device = FakeSpi()
    spi = RadarSpi(device, BURST, 65536)
    for _ in range(4):
        spi.cs(0)
        spi.xfer(HEADER, 4)
        spi.xfer(None, 3072)
        spi.cs(1)

    assert [len(values) for _, values in device.calls] == [BURST + 4, 3076, 3076, 3076]


def test_a_register_access_is_one_window() -> None:
    device = FakeSpi()
    spi = RadarSpi(device, BURST, 4096)
    spi.cs(0)
    spi.xfer(b"\x04\0\0\0", 4)
    spi.cs(1)

    assert device.calls == [("xfer2", [4, 0, 0, 0])]


def test_what_a_kernels_bus_cannot_do_is_refused() -> None:
    spi = RadarSpi(FakeSpi(), BURST, 4096)
    spi.cs(0)
    spi.xfer(b"\x04\0\0\0", 4)

    with pytest.raises(SpiUseError, match="a second transfer in one window"):
        spi.xfer(b"\0\0\0\0", 4)


def test_more_than_a_frame_is_refused() -> None:
    spi = RadarSpi(FakeSpi(), BURST, 4096)

    with pytest.raises(SpiUseError, match="9219 bytes out of the FIFO: expected at most 9216"):
        burst(spi, BURST + 3)


@pytest.mark.parametrize(
    ("burst_bytes", "bufsiz", "says"), [(100, 4096, "whole words"), (9216, 6, "room for a header")]
)
def test_impossible_sizes_are_refused(burst_bytes: int, bufsiz: int, says: str) -> None:
    with pytest.raises(SpiUseError, match=says):
        RadarSpi(FakeSpi(), burst_bytes, bufsiz)


@pytest.mark.parametrize(("text", "bytes_"), [("65536\n", 65536), (None, 4096), ("nonsense", 4096)])
def test_the_kernels_buffer_is_what_the_kernel_says(tmp_path: Path, text: str | None, bytes_: int) -> None:
    if text is not None:
        (tmp_path / "module/spidev/parameters").mkdir(parents=True)
        (tmp_path / "module/spidev/parameters/bufsiz").write_text(text)

    assert kernel_bufsiz(tmp_path) == bytes_
