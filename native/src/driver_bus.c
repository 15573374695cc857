/* The radar's SPI bus. Framing, FIFO, status: datasheet V2.4.9. See sw_driver_bus.h.
 *
 * Rule: one window at a time; nothing is tried again here but a FIFO status that looks wrong.
 */
#include "sw_driver_bus.h"

#include "sw_chain.h"

#define HEADER_BYTES 4u
#define WORD_BYTES 3u

int32_t sw_bus_is_status(uint32_t gsr0) { return gsr0 >> 4 == SW_GSR0_CLEAR >> 4; }

static uint32_t status_of(const sw_driver *d, uint32_t byte)
{
    if (!d->mirrored || !sw_bus_is_status(byte)) {
        return byte;
    }
    return (byte & 0xF0u) | (byte & 1u) << 3 | (byte & 2u) << 1 | (byte & 4u) >> 1 | (byte & 8u) >> 3;
}

uint32_t sw_bus_access(sw_driver *d, uint32_t word)
{
    uint8_t tx[4] = {(uint8_t)(word >> 24), (uint8_t)(word >> 16), (uint8_t)(word >> 8), (uint8_t)word};
    uint8_t rx[4] = {0, 0, 0, 0};
    (void)d->hal->spi_cs(d->hal->spi, 0);
    int32_t error = d->hal->spi_xfer(d->hal->spi, tx, rx, 4);
    (void)d->hal->spi_cs(d->hal->spi, 1);
    d->answer = (uint32_t)rx[0] << 24 | (uint32_t)rx[1] << 16 | (uint32_t)rx[2] << 8 | (uint32_t)rx[3];
    d->answer = error < 0 && d->answer != UINT32_MAX ? 0u : d->answer;
    d->gsr0 = status_of(d, d->answer >> 24);
    d->errors |= sw_bus_is_status(d->gsr0) ? d->gsr0 & (SW_GSR0_BURST | SW_GSR0_CLOCKS) : 0u;
    return d->answer & 0xFFFFFFu;
}

uint32_t sw_bus_read(sw_driver *d, uint32_t address) { return sw_bus_access(d, address << 25); }

void sw_bus_write(sw_driver *d, uint32_t address, uint32_t data)
{
    (void)sw_bus_access(d, address << 25 | 1u << 24 | data);
}

uint32_t sw_bus_word(const sw_driver *d, uint32_t address)
{
    for (uint32_t i = 0; i < SW_RADAR_REGISTER_COUNT; i++) {
        if (d->words[i] >> 25 == address) {
            return d->words[i] & 0xFFFFFFu;
        }
    }
    return 0;
}

int32_t sw_bus_is_usual(uint32_t status)
{
    uint32_t fill = status & SW_FSTAT_FILL;
    uint32_t seldom = SW_FSTAT_UNDERFLOW | SW_FSTAT_OVERFLOW | SW_FSTAT_RESERVED;
    return (status & seldom) == 0u && ((status & SW_FSTAT_EMPTY) != 0u) == (fill == 0u) && fill <= SW_FIFO_WORDS;
}

uint32_t sw_bus_fifo_status(sw_driver *d, uint32_t *errors)
{
    uint32_t status = sw_bus_read(d, SW_REG_FSTAT);
    uint32_t bits = sw_bus_is_status(d->gsr0) ? d->gsr0 : 0u;
    int32_t usual = (d->gsr0 & ~SW_GSR0_HIGH_SPEED & 0xFFu) == SW_GSR0_CLEAR && sw_bus_is_usual(status);
    d->looked_twice = !usual;
    if (!usual) {
        status = sw_bus_read(d, SW_REG_FSTAT);
    }
    *errors = bits & (SW_GSR0_FIFO | SW_GSR0_BURST | SW_GSR0_CLOCKS);
    return status;
}

uint32_t sw_bus_frame(sw_driver *d)
{
    static const uint8_t header[HEADER_BYTES] = {0xFF, 0xC0, 0x00, 0x00}; /* unbounded burst read at 0x60, the FIFO */
    uint32_t n = d->timing.frame_samples;
    uint32_t left = n / 2u * WORD_BYTES;
    uint32_t most = d->window_bytes == 0u ? left : (d->window_bytes - HEADER_BYTES) / WORD_BYTES * WORD_BYTES;
    uint8_t *packed = (uint8_t *)d->samples + n / 2u; /* 2 n bytes of samples, the last 1.5 n of them */
    uint32_t first = 0;
    for (uint8_t *to = packed; left != 0u;) {
        uint8_t status[HEADER_BYTES] = {0, 0, 0, 0};
        uint32_t part = left < most ? left : most;
        (void)d->hal->spi_cs(d->hal->spi, 0);
        int32_t error = d->hal->spi_xfer(d->hal->spi, header, status, HEADER_BYTES);
        error = error < 0 ? error : d->hal->spi_xfer(d->hal->spi, 0, to, part);
        (void)d->hal->spi_cs(d->hal->spi, 1);
        if (error < 0) {
            return 0;
        }
        if (first == 0u) {
            first = status_of(d, status[0]);
            d->answer = (uint32_t)status[1] << 16 | (uint32_t)status[2] << 8 | (uint32_t)status[3];
        }
        to += part;
        left -= part;
    }
    d->flags = sw_unpack12(packed, d->samples, n) ? SW_FLAG_SATURATED : 0u;
    return first;
}
