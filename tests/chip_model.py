"""The bus of the radar chip a second time, naively: what a register holds and what MISO shows after any window.

Rule: written from the datasheet's rules, sharing nothing with the chip but its register table. Frames, FIFO content and
status registers are not in it: what depends on them is None.
"""

from __future__ import annotations

from hw_sim.chip.chip import REGISTERS, field_table

WORD = 0xFFFFFF
FIFO, BURST = 0x60, 0x7F
CLK, BURST_ERROR, HIGH_SPEED = 0x01, 0x02, 0x04
STATUS = {"STAT0", "STAT1", "FSTAT", "SADC_RESULT", "DFT1"}
NAMES = {row.address: name for name, row in REGISTERS.items()}
MAIN, SFCTL, SADC_CTRL, SW_RESET = 0x00, 0x06, 0x07, 2
SELF_CLEARING = {MAIN: 0xF, SADC_CTRL: 0x10}


def _known_bits() -> dict[int, int]:
    known = dict.fromkeys(NAMES, 0)
    for field in field_table():
        if field.kind != "absent":
            known[REGISTERS[field.register].address] |= ((1 << (field.high - field.low + 1)) - 1) << field.low
    return known


KNOWN = _known_bits()


class Bus:
    """Registers and framing errors of one chip after power-on. warnings: how many there must be at least."""

    def __init__(self) -> None:
        self.warnings = 0
        self.reset()

    def reset(self) -> None:
        """Software or hardware reset."""
        self.registers = {row.address: row.reset_value for row in REGISTERS.values()}
        self.errors, self.sticky = 0, 0

    def window(self, bits: str) -> list[int | None]:
        """One chip-select window of these MOSI bits; returns what MISO must show, byte by byte, None unknown.

        The first byte is its lower three bits only (over/underflow is not known here).
        """
        if not bits:
            return []
        data = [int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8)]
        status = (HIGH_SPEED if self.registers[SFCTL] >> 16 & 1 else 0) | self.errors
        self.errors = 0
        if data and data[0] == 0xFF:
            answer = self._burst(len(bits), data)
        else:
            answer = self._single(len(bits), data)
        self.sticky |= self.errors
        return [status, *answer][: len(data)]

    def _single(self, n_bits: int, data: list[int]) -> list[int | None]:
        answer: list[int | None] = []
        if data:
            answer = self._content(data[0] >> 1)
        if len(data) >= 4 and data[0] & 1:
            self._write(data[0] >> 1, data[1] << 16 | data[2] << 8 | data[3])
        self.errors = CLK if n_bits != 32 else 0
        return [*answer, *[0] * (len(data) - 4)]

    def _burst(self, n_bits: int, data: list[int]) -> list[int | None]:
        if len(data) < 4:
            self.errors = CLK
            return [0] * 3
        address, writes = data[1] >> 1, data[1] & 1
        address, bound = min(address, FIFO), data[2] >> 1
        answer: list[int | None] = [0] * 3
        words = (len(data) - 4) // 3
        for n in range(-(-(n_bits - 32) // 24)):
            if bound and n >= bound:
                answer += [0] * 3
                continue
            answer += self._content(address)
            if writes and n < words:
                at = 4 + 3 * n
                self._write(address, data[at] << 16 | data[at + 1] << 8 | data[at + 2])
            address += address < FIFO
        words_clocked, rest = divmod(n_bits - 32, 24)
        self.errors = CLK if rest else 0
        if bound and (rest or words_clocked != bound):
            self.errors |= BURST_ERROR
        return answer

    def _content(self, address: int) -> list[int | None]:
        if address > FIFO:
            self.warnings += 1
            return [0] * 3
        if address == FIFO or NAMES[address] in STATUS:
            return [None] * 3
        return [self.registers[address] >> shift & 0xFF for shift in (16, 8, 0)]

    def _write(self, address: int, value: int) -> None:
        if address >= FIFO:
            self.warnings += 1
            return
        row = REGISTERS[NAMES[address]]
        if not row.writable:
            return
        self.warnings += bool((value ^ row.reset_value) & ~KNOWN[address] & WORD)
        self.registers[address] = value & ~SELF_CLEARING.get(address, 0)
        if address == MAIN and value & SW_RESET:
            self.reset()
