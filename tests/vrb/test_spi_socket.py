"""The socket server under good clients and bad ones; the server is libvrb's own, watched by the sanitizers."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw_sim.chip.core import ffi, lib
from tests.vrb.build_c import against_library, run, sanitized
from tests.vrb.socket_peers import (
    ADVANCE,
    CHIP_ID,
    CS,
    HELLO,
    IRQ,
    KEEP_CS,
    NO_MISO,
    READ,
    RST,
    TIME,
    WAIT_IRQ,
    XFER,
    Client,
    Server,
)


@pytest.fixture(scope="module")
def program(watched: Path) -> Path:
    return sanitized("server", watched)


@pytest.fixture
def server(program: Path, tmp_path: Path) -> Iterator[Server]:
    """A server that must live to the end, and have nothing left to say."""
    with Server(program, f"unix:{tmp_path / 'spi'}") as running:
        yield running
        assert works(running.client())
        assert running.end() == []


def works(client: Client) -> bool:
    """A whole transaction; the client goes in order."""
    answer = client.ask(XFER, bytes([0]) + CHIP_ID)
    client.close()
    return answer[0] == 0 and answer[1][1:] == bytes([0, 3, 3])


def test_every_op_answers(server: Server) -> None:
    client = server.client()
    assert client.ask(HELLO) == (0, struct.pack("<I", lib.VRB_ABI) + b"virtual radar board, BGT60TR13C")
    assert client.ask(RST, b"\0") == (0, b"")
    assert client.ask(XFER, bytes([0]) + CHIP_ID) == (lib.VRB_IN_RESET, b"\xff" * 4)
    assert client.ask(RST, b"\1") == (0, b"")
    assert client.ask(CS, b"\0") == (0, b"")
    assert client.ask(XFER, bytes([KEEP_CS]) + CHIP_ID[:2]) == (0, b"\xf4\0")
    assert client.ask(XFER, bytes([0]) + CHIP_ID[2:]) == (0, b"\3\3")
    assert client.ask(XFER, bytes([NO_MISO]) + CHIP_ID) == (0, b"")
    assert client.ask(IRQ) == (0, b"")
    assert client.ask(ADVANCE, struct.pack("<Q", 1234)) == (0, b"")
    assert client.ask(WAIT_IRQ, struct.pack("<Q", 766)) == (0, b"")
    assert client.ask(TIME) == (0, struct.pack("<Q", 2000))
    client.close()


def test_answers_come_in_order_when_all_requests_are_sent_first(server: Server) -> None:
    client = server.client()
    for address in range(0x60):
        client.send(XFER, bytes([0, address << 1, 0, 0, 0]))
        client.send(ADVANCE, struct.pack("<Q", address))
    client.send(TIME)
    answers = [client.take() for _ in range(2 * 0x60)]
    assert [int.from_bytes(a[1][1:], "big") for a in answers[:12:2]] == [
        0x1E0000,
        0x0A0240,
        0x303,
        0,
        0x196524,
        0x40014,
    ]
    assert client.take() == (0, struct.pack("<Q", sum(range(0x60))))
    client.close()


def test_bytes_that_dribble_in_are_a_request(server: Server) -> None:
    client = server.client()
    for byte in struct.pack("<IBB", 6, XFER, 0) + CHIP_ID:
        client.socket.sendall(bytes([byte]))
        time.sleep(0.002)
    assert client.take()[1][1:] == bytes([0, 3, 3])
    client.close()


def test_the_longest_transfer_comes_through(server: Server) -> None:
    client = server.client()
    n = lib.SPI_SOCKET_MAX_BYTES
    status, miso = client.ask(XFER, bytes([READ]) + b"\xff\xc0\0\0" + struct.pack("<I", n - 4))
    assert (status, len(miso), miso[4:] == b"\xff" * (n - 4)) == (0, n, True)
    status, miso = client.ask(XFER, bytes([0]) + b"\xff\xc0\0\0" + bytes(n - 4))
    assert (status, len(miso)) == (0, n)
    client.close()


@pytest.mark.parametrize(
    ("op", "payload", "text"),
    [
        (0, b"", "op: expected 1 to 8"),
        (9, b"", "op: expected 1 to 8"),
        (255, b"x" * 70, "op: expected 1 to 8"),
        (CS, b"", "payload: expected the size that the op has"),
        (RST, b"\1\1", "payload: expected the size that the op has"),
        (ADVANCE, b"\0" * 7, "payload: expected the size that the op has"),
        (TIME, b"\0", "payload: expected the size that the op has"),
        (XFER, b"", "payload: expected the size that the op has"),
        (XFER, bytes([READ]) + b"123", "payload: expected the size that the op has"),
        (XFER, bytes([READ]) + b"1234" + struct.pack("<I", 1048573), "payload: expected the size that the op has"),
        (XFER, bytes([READ]) + b"\xff" * 4, "payload: expected the size that the op has"),
        (XFER, bytes(1048578), "payload: expected the size that the op has"),
        (CS, b"\2", "level: expected 0 or 1"),
    ],
)
def test_a_wrong_request_is_answered_and_the_connection_goes_on(
    server: Server, op: int, payload: bytes, text: str
) -> None:
    client = server.client()
    assert client.ask(op, payload) == (lib.VRB_WRONG_USE, text.encode())
    assert works(client)


@pytest.mark.parametrize("length", [0, 1048637, 0x7FFFFFFF, 0xFFFFFFFF])
def test_an_impossible_length_costs_one_line_and_the_connection(server: Server, length: int) -> None:
    client = server.client()
    client.socket.sendall(struct.pack("<I", length) + b"rest")
    assert server.line() == f"vrb: a request of {length} bytes: expected 1 to 1048636\n"
    assert client.is_cut_off()


def test_a_browser_costs_one_line(server: Server) -> None:
    client = server.client()
    client.socket.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert server.line() == "vrb: a request of 542393671 bytes: expected 1 to 1048636\n"
    assert client.is_cut_off()


def test_half_a_request_costs_one_line(server: Server) -> None:
    client = server.client()
    client.socket.sendall(struct.pack("<IB", 100, XFER) + b"only these")
    client.close()
    assert server.line() == "vrb: the client vanished in a request\n"


def test_one_that_leaves_before_its_answers_costs_at_most_a_line(server: Server) -> None:
    client = server.client()
    for _ in range(50):
        client.send(XFER, bytes([READ]) + struct.pack("<I", 60000))
    client.close()
    assert server.line().startswith("vrb: the client ")


@pytest.mark.slow
def test_one_that_reads_nothing_is_given_up(server: Server) -> None:
    client = server.client()
    for _ in range(20):
        client.send(XFER, bytes([READ]) + struct.pack("<I", 1 << 20))
    assert server.line().startswith("vrb: the client takes no answers")
    client.close()


def test_the_chip_is_released_behind_a_client_and_all_else_stays(server: Server) -> None:
    first = server.client()
    first.ask(XFER, bytes([0, 6 << 1 | 1, 0x70, 1, 2]))
    first.ask(XFER, bytes([KEEP_CS]) + CHIP_ID)
    first.ask(ADVANCE, struct.pack("<Q", 5000))
    first.close()
    second = server.client()
    assert second.ask(XFER, bytes([0, 6 << 1, 0, 0, 0])) == (0, b"\xf0\x70\1\2")
    assert second.ask(TIME) == (0, struct.pack("<Q", 5000))
    second.close()


def test_a_second_client_waits_for_its_turn(server: Server) -> None:
    first, second = server.client(), server.client()
    second.send(XFER, bytes([0]) + CHIP_ID)
    assert first.ask(IRQ) == (0, b"")
    second.socket.settimeout(0.05)
    with pytest.raises(TimeoutError):
        second.take()
    first.close()
    second.socket.settimeout(20)
    assert second.take()[1][1:] == bytes([0, 3, 3])
    second.close()


@pytest.fixture(scope="module")
def lasting(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for many examples; nobody reads its lines, which must fit a pipe."""
    with Server(program, f"unix:{tmp_path_factory.mktemp('s') / 'spi'}") as running:
        yield running
        assert all(line.startswith("vrb: ") for line in running.end())


@given(st.lists(st.binary(max_size=60), max_size=3))
@settings(max_examples=60)
def test_any_bytes_leave_the_server_serving(lasting: Server, parts: list[bytes]) -> None:
    client = lasting.client()
    client.socket.sendall(b"".join(struct.pack("<I", len(part)) + part for part in parts))
    client.close()
    assert works(lasting.client())


READ_SOME = st.builds(
    lambda tx, n: bytes([READ]) + tx + struct.pack("<I", n), st.binary(max_size=8), st.integers(0, 9999)
)
REQUEST = st.tuples(st.integers(0, 10), st.binary(max_size=12)) | st.tuples(st.just(XFER), READ_SOME)


@given(st.lists(REQUEST, max_size=12))
@settings(max_examples=60)
def test_any_requests_get_an_answer_each(lasting: Server, requests: list[tuple[int, bytes]]) -> None:
    client = lasting.client()
    client.socket.sendall(b"".join(struct.pack("<IB", len(p) + 1, op) + p for op, p in requests))
    assert all(-3 <= client.take()[0] <= 1 for _ in requests)
    assert [client.ask(RST, b"\1")[0], client.ask(CS, b"\1")[0]] == [0, 0]
    assert works(client)


def test_all_checks_hold_over_tcp_without_a_word(tmp_path: Path, library: Path) -> None:
    client, program = (against_library(name, library, tmp_path) for name in ("socket_driver", "server"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Server(program, f"tcp:127.0.0.1:{port}") as running:
        assert run(client, running.address).endswith("reset_in_frame: ok\n")
        assert running.end() == []


@pytest.mark.parametrize(
    "address",
    ["", "x", "unix:", "unix:" + "p" * 108, "p" * 4000, "tcp:127.0.0.1:", "tcp:127.0.0.1:65536", "tcp:127.0.0.1:-1",
     "tcp:127.0.0.1:000080", "tcp:0.0.0.0:80", "unix:/nowhere/at/all"],
)  # fmt: skip
def test_a_wrong_address_is_one_line(address: str) -> None:
    why = ffi.new("char[]", 256)
    assert lib.spi_socket_open(address.encode(), why, 256) == ffi.NULL
    line = ffi.string(why).decode()
    assert line.startswith("address: expected unix:PATH or tcp:127.0.0.1:PORT, got ") and "\n" not in line


def test_a_path_in_use_is_refused_and_one_left_over_is_not(tmp_path: Path) -> None:
    why = ffi.new("char[]", 256)
    address = f"unix:{tmp_path / 'spi'}".encode()
    first = lib.spi_socket_open(address, why, 256)
    assert first != ffi.NULL and (tmp_path / "spi").stat().st_mode & 0o777 == 0o600
    assert lib.spi_socket_open(address, why, 256) == ffi.NULL
    assert ffi.string(why).decode().endswith("Address already in use")
    lib.spi_socket_close(first)
    assert not (tmp_path / "spi").exists()
    killed = socket.socket(socket.AF_UNIX)
    killed.bind(str(tmp_path / "spi"))
    killed.close()
    second = lib.spi_socket_open(address, why, 256)
    assert second != ffi.NULL
    lib.spi_socket_close(second)
    (tmp_path / "spi").write_text("precious")
    assert lib.spi_socket_open(address, why, 256) == ffi.NULL
    assert (tmp_path / "spi").read_text() == "precious"


def test_a_request_that_needs_samples_waits_for_them_and_goes_on(tmp_path: Path) -> None:
    why = ffi.new("char[]", 256)
    server = lib.spi_socket_open(f"unix:{tmp_path / 'spi'}".encode(), why, 256)
    board = lib.vrb_open(b'{"source": "lent"}')
    frame = ffi.new("uint16_t[]", [k % 4096 for k in range(1024)])
    seen: list[tuple[int, bytes]] = []

    def drive() -> None:
        client = Client(f"unix:{tmp_path / 'spi'}")
        for word in (
            0x09996524, 0x0D7001FF, 0x2340041F, 0x2D000490, 0x5911BC0E, 0x5B1B240A, 0x5D00F000, 0x5F7C1E1E,
            0x61F5208C, 0x630001A4, 0x65010168, 0x67000040, 0x6F092810, 0x011E8271,
        ):  # fmt: skip
            client.ask(XFER, bytes([NO_MISO]) + word.to_bytes(4, "big"))
        seen.append(client.ask(WAIT_IRQ, struct.pack("<Q", 10**9)))
        seen.append(client.ask(XFER, bytes([READ]) + b"\xff\xc0\0\0" + struct.pack("<I", 1536)))
        seen.append(client.ask(ADVANCE, struct.pack("<Q", 10**9)))
        client.close()

    driver = threading.Thread(target=drive)
    driver.start()
    results = []
    while (result := lib.spi_socket_run(server, board, 5000)) == lib.SPI_SOCKET_NEED_SAMPLES:
        results.append(lib.vrb_time_ns(board))
        lib.vrb_lend(board, frame, 1024 if len(results) == 1 else 0)
    driver.join()
    lib.spi_socket_close(server)
    lib.vrb_close(board)
    assert (result, len(results)) == (lib.SPI_SOCKET_CLOSED, 2)
    assert [status for status, _ in seen] == [1, 0, 0]
    assert seen[1][1][4:10] == bytes([0x00, 0x00, 0x01, 0x00, 0x20, 0x03])
