/* Driver of the BGT60TR13C. SPI framing, FIFO, resets and test mode: datasheet V2.4.9.
 *
 * Rule: each function ends with a state and a deadline; nothing is waited for inside.
 */
#include "sw_driver.h"

#include <string.h>

#include "sw_chain.h"
#include "sw_error.h"
#include "sw_words.h"

#define REG_MAIN 0x00u
#define REG_CHIP_ID 0x02u
#define REG_SFCTL 0x06u
#define REG_PLL1_0 0x30u
#define REG_PLL1_3 0x33u
#define REG_STAT0 0x5Du

#define MAIN_RESET_VALUE 0x1E0000u
#define MAIN_FRAME_START 1u
#define MAIN_SW_RESET 2u
#define MAIN_FSM_RESET 4u
#define MAIN_FIFO_RESET 8u
#define SFCTL_LFSR_EN (1u << 17)
#define CHIP_ID 0x000303u    /* digital 3, RF 3: BGT60TR13C */
#define DEEP_SLEEP 5u        /* STAT0 bits 7:5 */

/* GSR0, first byte of every answer: 1111, FIFO over/underflow, high-speed MISO, burst error, clock error */
#define GSR0_CLEAR 0xF0u
#define GSR0_FIFO_ERROR 0x08u

#define RESET_US 1000u       /* each half of a hardware reset; the chip needs 100 ns */
#define SW_RESET_US 10000u
#define SILENT_FRAMES 3u
#define BACK_OFF_US 250000u
#define BACK_OFF_MAX 7u      /* 250 ms * 2^7 = 32 s */
#define RESTARTS_MAX 3u      /* of the frames in a row before the chip is reset as a whole */

static uint32_t word_of(const sw_driver *d, uint32_t address)
{
    for (uint32_t i = 0; i < SW_RADAR_REGISTER_COUNT; i++) {
        if (d->words[i] >> 25 == address) {
            return d->words[i] & 0xFFFFFFu;
        }
    }
    return 0;
}

/* One 32-bit access. Returns what the chip sent at the same time: GSR0 and the register's content before. */
static uint32_t access(const sw_driver *d, uint32_t word)
{
    uint8_t tx[4] = {(uint8_t)(word >> 24), (uint8_t)(word >> 16), (uint8_t)(word >> 8), (uint8_t)word};
    uint8_t rx[4] = {0, 0, 0, 0};
    (void)d->hal->spi_cs(d->hal->spi, 0);
    int32_t error = d->hal->spi_xfer(d->hal->spi, tx, rx, 4);
    (void)d->hal->spi_cs(d->hal->spi, 1);
    return error < 0 ? 0u : (uint32_t)rx[0] << 24 | (uint32_t)rx[1] << 16 | (uint32_t)rx[2] << 8 | (uint32_t)rx[3];
}

static void write_register(const sw_driver *d, uint32_t address, uint32_t data)
{
    (void)access(d, address << 25 | 1u << 24 | data);
}

static uint32_t read_register(const sw_driver *d, uint32_t address) { return access(d, address << 25) & 0xFFFFFFu; }

static void wait_for(sw_driver *d, sw_driver_state state, uint64_t deadline_us)
{
    d->state = state;
    d->deadline_us = deadline_us;
}

static void begin_reset(sw_driver *d, uint64_t now_us)
{
    (void)d->hal->radar_reset(d->hal->pins, 0);
    wait_for(d, SW_DRIVER_RESETTING, now_us + RESET_US);
}

/* Gives up for now; the chip is held in reset and tried again later. */
static void fail(sw_driver *d, uint64_t now_us, uint32_t reason)
{
    (void)d->hal->radar_reset(d->hal->pins, 0);
    uint32_t exponent = d->failures < BACK_OFF_MAX ? d->failures : BACK_OFF_MAX;
    d->failures++;
    d->failure = reason;
    d->lost = 1;
    wait_for(d, SW_DRIVER_WAITING, now_us + ((uint64_t)BACK_OFF_US << exponent));
}

static uint64_t silence_us(const sw_driver *d)
{
    uint64_t ticks = (uint64_t)d->timing.start_ticks + (uint64_t)SILENT_FRAMES * d->timing.frame_ticks;
    return ticks / 80u + 1u;
}

static void start_frames(sw_driver *d, uint64_t now_us, sw_driver_state state)
{
    write_register(d, REG_MAIN, word_of(d, REG_MAIN) | MAIN_FIFO_RESET); /* stops frames and empties the FIFO */
    write_register(d, REG_SFCTL, word_of(d, REG_SFCTL) | (state == SW_DRIVER_TESTING ? SFCTL_LFSR_EN : 0u));
    write_register(d, REG_MAIN, word_of(d, REG_MAIN) | MAIN_FRAME_START);
    d->anchor_us = now_us;
    d->next_frame = 0;
    d->counters.starts += state == SW_DRIVER_RUNNING;
    wait_for(d, state, now_us + silence_us(d));
}

static void identify_and_clear(sw_driver *d, uint64_t now_us)
{
    uint32_t answer = access(d, REG_CHIP_ID << 25);
    if (answer >> 28 != GSR0_CLEAR >> 4 || (answer & 0xFFFFFFu) != CHIP_ID) {
        d->counters.wrong_chips++;
        fail(d, now_us, SW_REASON_RADAR_FAILED);
        return;
    }
    write_register(d, REG_MAIN, MAIN_RESET_VALUE | MAIN_SW_RESET);
    wait_for(d, SW_DRIVER_CLEARING, now_us + SW_RESET_US);
}

static void configure(sw_driver *d, uint64_t now_us)
{
    if ((read_register(d, REG_MAIN) & MAIN_SW_RESET) != 0u) {
        d->counters.reset_failures++;
        fail(d, now_us, SW_REASON_RADAR_FAILED);
        return;
    }
    for (uint32_t i = 0; i < SW_RADAR_REGISTER_COUNT; i++) {
        (void)access(d, d->words[i]);
    }
    for (uint32_t address = REG_PLL1_0; address <= REG_PLL1_3; address++) { /* the sweep as the samples will see it */
        if (read_register(d, address) != word_of(d, address)) {
            d->counters.wrong_chips++;
            fail(d, now_us, SW_REASON_RADAR_FAILED);
            return;
        }
    }
    int32_t has_rx1 = (d->config.rx_mask & 1u) != 0u;
    d->self_test = has_rx1 ? SW_SELF_TEST_NOT_RUN : SW_SELF_TEST_SKIPPED_RX1_OFF;
    start_frames(d, now_us, has_rx1 ? SW_DRIVER_TESTING : SW_DRIVER_RUNNING);
}

/* Reads one frame in one chip-select window. Returns GSR0; samples are only good when it is GSR0_CLEAR. */
static uint32_t read_burst(sw_driver *d)
{
    static const uint8_t header[4] = {0xFF, 0xC0, 0x00, 0x00}; /* unbounded burst read at 0x60, the FIFO */
    uint8_t status[4] = {0, 0, 0, 0};
    uint32_t n = d->timing.frame_samples;
    uint8_t *packed = (uint8_t *)d->samples + n / 2u; /* 2 n bytes of samples, the last 1.5 n of them */
    (void)d->hal->spi_cs(d->hal->spi, 0);
    int32_t error = d->hal->spi_xfer(d->hal->spi, header, status, 4);
    if (error >= 0 && status[0] == GSR0_CLEAR) {
        error = d->hal->spi_xfer(d->hal->spi, 0, packed, n / 2u * 3u);
    }
    (void)d->hal->spi_cs(d->hal->spi, 1);
    if (error < 0) {
        return 0;
    }
    if (status[0] == GSR0_CLEAR) {
        d->flags = sw_unpack12(packed, d->samples, n) ? SW_FLAG_SATURATED : 0u;
    }
    return status[0];
}

/* RX1's samples against the chip's generator: x^12 + x^11 + x^10 + x^4 + 1, from 0x001. */
static int32_t self_test_passes(const sw_driver *d)
{
    uint32_t state = 1;
    for (uint32_t i = 0; i < d->timing.frame_samples; i += d->timing.n_rx) {
        if (d->samples[i] != state) {
            return 0;
        }
        uint32_t bit = (state ^ state >> 1 ^ state >> 2 ^ state >> 8) & 1u;
        state = state >> 1 | bit << 11;
    }
    return 1;
}

/* The stream broke: frames start anew, or the whole chip when that did not help. */
static void recover(sw_driver *d, uint64_t now_us)
{
    d->lost = 1;
    if (++d->restarts > RESTARTS_MAX) {
        d->restarts = 0;
        fail(d, now_us, SW_REASON_RADAR_FAILED);
        return;
    }
    start_frames(d, now_us, d->state);
}

static int32_t deliver(sw_driver *d, uint64_t now_us)
{
    d->frame = d->next_frame++;
    d->t_us = d->anchor_us + (d->timing.start_ticks + (uint64_t)d->frame * d->timing.frame_ticks) / 80u;
    if (d->lost && d->counters.frames != 0u) { /* nothing is lost before the first frame of a boot */
        d->flags |= SW_FLAG_GAP;
    }
    d->lost = 0;
    d->restarts = 0;
    d->failure = 0;
    if (d->frame > SILENT_FRAMES) { /* one frame alone does not end the back-off */
        d->failures = 0;
    }
    d->counters.frames++;
    d->deadline_us = now_us + silence_us(d);
    return 1;
}

static int32_t take_frame(sw_driver *d, uint64_t now_us)
{
    uint32_t gsr0 = read_burst(d);
    if (gsr0 != GSR0_CLEAR) {
        if (gsr0 >> 4 == GSR0_CLEAR >> 4 && (gsr0 & GSR0_FIFO_ERROR) != 0u) {
            d->counters.overflows++;
        } else {
            d->counters.bus_errors++;
        }
        recover(d, now_us);
        return 0;
    }
    if (d->state == SW_DRIVER_RUNNING) {
        return deliver(d, now_us);
    }
    if (self_test_passes(d)) {
        d->self_test = SW_SELF_TEST_PASSED;
        d->restarts = 0;
        start_frames(d, now_us, SW_DRIVER_RUNNING);
    } else {
        d->self_test = SW_SELF_TEST_FAILED;
        d->counters.self_test_failures++;
        fail(d, now_us, SW_REASON_SELF_TEST_FAILED);
    }
    return 0;
}

int32_t sw_driver_init(sw_driver *d, const sw_hal *hal, const sw_radar_config *config, uint16_t *samples)
{
    memset(d, 0, sizeof *d);
    d->hal = hal;
    d->config = *config;
    d->samples = samples;
    d->deadline_us = UINT64_MAX;
    return sw_radar_registers(config, d->words, &d->timing);
}

void sw_driver_power(sw_driver *d, uint64_t now_us, int32_t on)
{
    if (on == (d->state != SW_DRIVER_SLEEPING)) {
        return;
    }
    d->failure = 0;
    d->failures = 0;
    d->restarts = 0;
    d->lost = 1;
    if (on) {
        begin_reset(d, now_us);
        return;
    }
    (void)d->hal->radar_reset(d->hal->pins, 1); /* a chip held in reset does not answer */
    write_register(d, REG_MAIN, MAIN_RESET_VALUE | MAIN_FSM_RESET | MAIN_FIFO_RESET);
    if ((read_register(d, REG_STAT0) >> 5 & 7u) != DEEP_SLEEP) {
        (void)d->hal->radar_reset(d->hal->pins, 0); /* whatever it does, it must not send */
    }
    wait_for(d, SW_DRIVER_SLEEPING, UINT64_MAX);
}

int32_t sw_driver_irq(sw_driver *d, uint64_t now_us)
{
    if (d->state != SW_DRIVER_RUNNING && d->state != SW_DRIVER_TESTING) {
        return 0;
    }
    if (d->hal->radar_irq(d->hal->pins) == 0) {
        d->counters.false_irqs++;
        return 0;
    }
    return take_frame(d, now_us);
}

int32_t sw_driver_deadline(sw_driver *d, uint64_t now_us)
{
    if (now_us < d->deadline_us) {
        return 0;
    }
    switch (d->state) {
    case SW_DRIVER_RESETTING:
        (void)d->hal->radar_reset(d->hal->pins, 1);
        wait_for(d, SW_DRIVER_WAKING, now_us + RESET_US);
        break;
    case SW_DRIVER_WAKING:
        identify_and_clear(d, now_us);
        break;
    case SW_DRIVER_CLEARING:
        configure(d, now_us);
        break;
    case SW_DRIVER_TESTING:
    case SW_DRIVER_RUNNING:
        if (d->hal->radar_irq(d->hal->pins) != 0) {
            d->counters.late_irqs++;
            return take_frame(d, now_us);
        }
        d->counters.silences++;
        fail(d, now_us, SW_REASON_RADAR_FAILED);
        break;
    case SW_DRIVER_WAITING:
        begin_reset(d, now_us);
        break;
    default:
        break;
    }
    return 0;
}
