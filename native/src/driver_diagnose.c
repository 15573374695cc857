/* What is wrong with the radar. See sw_driver_diagnose.h.
 *
 * Rule: a reason is given for what was seen, in this order: no answer, a late one, a wrong chip, single bits. What cannot
 * be told apart on the wire (no chip, no power, a broken line) shares one.
 */
#include "sw_driver_diagnose.h"

#include "sw_driver_bus.h"
#include "sw_handles.h"

#define ID_READS 3u
#define OSCCLKEN (1u << 23)
#define LOST_REGISTERS 8u /* so many at other values: the chip has started anew */
#define LFSR_SEED 1u
#define SHIFTS_MAX 5u     /* samples by which the test's data are looked for elsewhere */
#define FEW_PARTS 4u      /* at most a quarter wrong: single bits */

static int32_t is_chip(uint32_t answer)
{
    return sw_bus_is_status(answer >> 24) && (answer & 0xFFFFFFu) == SW_CHIP_ID_VALUE;
}

/* Every bit one clock late: the first is what was on the line before, a one. */
static int32_t is_late_chip(uint32_t answer)
{
    return answer >> 27 == 0x1Fu && (answer & 0x7FFFFFu) == SW_CHIP_ID_VALUE >> 1;
}

static uint32_t reason_of_answer(uint32_t answer)
{
    if (SW_HANDLES(MISO_LOW) && answer == 0u) {
        return SW_REASON_MISO_LOW;
    }
    if (SW_HANDLES(MISO_HIGH) && answer == UINT32_MAX) {
        return SW_REASON_MISO_HIGH;
    }
    if (SW_HANDLES(BUS_LATE) && is_late_chip(answer)) {
        return SW_REASON_BUS_LATE;
    }
    if (SW_HANDLES(WRONG_CHIP) && sw_bus_is_status(answer >> 24)) {
        return SW_REASON_WRONG_CHIP;
    }
    return SW_REASON_RADAR_FAILED;
}

/* The status said so, and FSTAT, which keeps it, says so too: else it was a wrong bit. */
static int32_t has_clock_error(sw_driver *d)
{
    return (d->errors & SW_GSR0_CLOCKS) != 0u && (sw_bus_read(d, SW_REG_FSTAT) & SW_FSTAT_CLOCKS) != 0u;
}

uint32_t sw_diagnose_bus(sw_driver *d)
{
    uint32_t right = 0;
    uint32_t same = 0;
    uint32_t other = 0;
    d->errors = 0;
    for (uint32_t i = 0; i < ID_READS; i++) {
        (void)sw_bus_read(d, SW_REG_CHIP_ID);
        if (is_chip(d->answer)) {
            right++;
        } else {
            same += same == 0u || d->answer == other;
            other = d->answer;
        }
    }
    if (right == ID_READS || (right == 0u && same == ID_READS)) {
        return right != 0u ? SW_REASON_NONE : reason_of_answer(other);
    }
    if (SW_HANDLES(BUS_CLOCKS) && has_clock_error(d)) {
        return SW_REASON_BUS_CLOCKS;
    }
    return SW_HANDLES(BUS_BITS) ? SW_REASON_BUS_BITS : SW_REASON_RADAR_FAILED;
}

/* A register whose content is another one, and stays it. *flickers: it was not at the second or third look. */
static int32_t differs(sw_driver *d, uint32_t i, uint32_t *value, uint32_t *flickers)
{
    uint32_t address = d->words[i] >> 25;
    uint32_t ours = address == SW_REG_SFCTL ? SW_SFCTL_HIGH_SPEED | SW_SFCTL_TEST : 0u; /* changed while frames run */
    ours = address == SW_REG_SADC_CTRL ? SW_SADC_OVERSAMPLING | SW_SADC_START : ours;
    for (uint32_t look = 0; look < ID_READS; look++) {
        *value = sw_bus_read(d, address);
        if (((*value ^ d->set_up[i]) & ~ours) == 0u || ((*value ^ d->words[i]) & 0xFFFFFFu & ~ours) == 0u) {
            *flickers += look;
            return 0;
        }
    }
    return 1;
}

uint32_t sw_diagnose_registers(sw_driver *d)
{
    uint32_t lost = 0;
    uint32_t flickers = 0;
    uint32_t value = 0;
    int32_t off = 0;
    int32_t limited = 0;
    int32_t level = 0;
    d->errors = 0;
    for (uint32_t i = 0; i < SW_RADAR_REGISTER_COUNT; i++) {
        uint32_t address = d->words[i] >> 25;
        int32_t other = differs(d, i, &value, &flickers);
        lost += other != 0;
        off |= other && address == SW_REG_PACR1 && (value & OSCCLKEN) == 0u;
        limited |= address == SW_REG_CCR2 && (other || d->set_up[i] != (d->words[i] & 0xFFFFFFu)) && (value & SW_CCR2_LIMIT) != 0u;
        level |= address == SW_REG_SFCTL && ((value ^ d->words[i]) & SW_SFCTL_LEVEL) != 0u;
    }
    if (SW_HANDLES(BROWN_OUT) && lost >= LOST_REGISTERS) {
        return SW_REASON_BROWN_OUT;
    }
    if (SW_HANDLES(OSCILLATOR_OFF) && off) {
        return SW_REASON_OSCILLATOR_OFF;
    }
    if (SW_HANDLES(FRAMES_ENDED) && limited) {
        return SW_REASON_FRAMES_ENDED;
    }
    if (SW_HANDLES(IRQ_EARLY) && level) {
        return SW_REASON_IRQ_EARLY;
    }
    if (SW_HANDLES(BUS_CLOCKS) && has_clock_error(d)) {
        return SW_REASON_BUS_CLOCKS;
    }
    if (SW_HANDLES(BUS_BITS) && (lost != 0u || flickers != 0u)) {
        return SW_REASON_BUS_BITS;
    }
    return lost != 0u ? SW_REASON_RADAR_FAILED : SW_REASON_NONE;
}

/* With high speed asked for one status bit is set; which one tells the order. Without it the chip's answers tell whether
 * it is needed. */
uint32_t sw_diagnose_status(sw_driver *d)
{
    uint32_t word = sw_bus_word(d, SW_REG_SFCTL);
    uint32_t reason = SW_REASON_NONE;
    if (d->high_speed) {
        sw_bus_write(d, SW_REG_SFCTL, word);
        (void)sw_bus_read(d, SW_REG_CHIP_ID);
        if (is_chip(d->answer)) {
            d->high_speed = 0;
        } else {
            sw_bus_write(d, SW_REG_SFCTL, word | SW_SFCTL_HIGH_SPEED);
            reason = SW_REASON_BUS_LATE;
        }
    } else {
        sw_bus_write(d, SW_REG_SFCTL, word | SW_SFCTL_HIGH_SPEED);
        (void)sw_bus_read(d, SW_REG_CHIP_ID);
        uint32_t bits = d->answer >> 24 & (SW_GSR0_HIGH_SPEED | SW_GSR0_BURST);
        if (is_chip(d->answer) && (bits == SW_GSR0_BURST || bits == SW_GSR0_HIGH_SPEED)) {
            d->mirrored = SW_HANDLES(STATUS_MIRRORED) && bits == SW_GSR0_BURST;
        }
        sw_bus_write(d, SW_REG_SFCTL, word);
    }
    return reason != SW_REASON_NONE ? reason : d->mirrored ? SW_REASON_STATUS_MIRRORED : SW_REASON_NONE;
}

/* Something is unusual: which window was broken, or does the status lie? */
static uint32_t unusual_frame(sw_driver *d, uint32_t first, uint32_t status, uint32_t errors, uint32_t *aside)
{
    uint32_t bus = sw_diagnose_bus(d);
    if (bus != SW_REASON_NONE && bus != SW_REASON_BUS_BITS && bus != SW_REASON_BUS_CLOCKS) {
        return bus;
    }
    if (!sw_bus_is_status(first)) {
        return SW_HANDLES(BUS_BITS) ? SW_REASON_BUS_BITS : SW_REASON_RADAR_FAILED;
    }
    if (SW_HANDLES(STATUS_MIRRORED) && ((first | errors) & SW_GSR0_CLOCKS) != 0u && (status & SW_FSTAT_CLOCKS) == 0u &&
        (status & (SW_FSTAT_OVERFLOW | SW_FSTAT_UNDERFLOW)) != 0u) {
        d->mirrored = !d->mirrored;
        *aside = SW_REASON_STATUS_MIRRORED;
        errors &= ~SW_GSR0_CLOCKS;
    }
    if ((errors & SW_GSR0_BURST) != 0u) { /* of a burst without a bound: it was not one window */
        return SW_HANDLES(BUS_SPLIT) ? SW_REASON_BUS_SPLIT : SW_REASON_RADAR_FAILED;
    }
    if ((errors & SW_GSR0_CLOCKS) != 0u) {
        return SW_HANDLES(BUS_CLOCKS) ? SW_REASON_BUS_CLOCKS : SW_REASON_RADAR_FAILED;
    }
    if ((status & SW_FSTAT_OVERFLOW) != 0u) {
        return d->slow ? SW_REASON_BUS_SLOW : SW_HANDLES(OVERFLOW) ? SW_REASON_OVERFLOW : SW_REASON_RADAR_FAILED;
    }
    if ((status & SW_FSTAT_UNDERFLOW) != 0u) {
        return SW_HANDLES(UNDERFLOW) ? SW_REASON_UNDERFLOW : SW_REASON_RADAR_FAILED;
    }
    if (((first | errors) & SW_GSR0_FIFO) != 0u) {
        if (!SW_HANDLES(STATUS_FALSE)) {
            return SW_REASON_RADAR_FAILED;
        }
        *aside = SW_REASON_STATUS_FALSE;
    } else if (SW_HANDLES(BUS_CLOCKS) && (first & SW_GSR0_CLOCKS) != 0u) { /* of the access before */
        *aside = SW_REASON_BUS_CLOCKS;
    } else if (SW_HANDLES(BUS_BITS)) {
        *aside = SW_REASON_BUS_BITS;
    }
    return SW_REASON_NONE;
}

uint32_t sw_diagnose_frame(sw_driver *d, uint32_t first, uint32_t *fill, uint32_t *aside)
{
    uint32_t errors = 0;
    uint32_t header = d->answer & 0xFFFFFFu; /* zeros */
    uint32_t status = sw_bus_fifo_status(d, &errors);
    uint32_t clear = SW_GSR0_CLEAR | (d->high_speed ? SW_GSR0_HIGH_SPEED : 0u);
    *fill = status & SW_FSTAT_FILL;
    *aside = SW_REASON_NONE;
    if (first == clear && d->gsr0 == clear && errors == 0u && header == 0u && !d->looked_twice) {
        return SW_REASON_NONE;
    }
    return unusual_frame(d, first, status, errors, aside);
}

/* The chip's generator: x^12 + x^11 + x^10 + x^4 + 1. */
static uint32_t next_test_sample(uint32_t state)
{
    uint32_t bit = (state ^ state >> 1 ^ state >> 2 ^ state >> 8) & 1u;
    return state >> 1 | bit << 11;
}

typedef struct test_result {
    uint32_t n;      /* samples of RX1 */
    uint32_t right;  /* ... before the first wrong one */
    uint32_t wrong;
    uint32_t zeros;
    uint32_t ones;
    uint32_t sign;   /* of what was wrong where */
} test_result;

static test_result compare_test(const sw_driver *d, uint32_t from)
{
    test_result r = {0};
    uint32_t state = LFSR_SEED;
    for (uint32_t i = from; i < d->timing.frame_samples; i += d->timing.n_rx) {
        uint32_t sample = d->samples[i];
        if (sample != state) {
            r.wrong++;
            r.sign = r.sign * 31u + (sample ^ state) + r.n;
        }
        r.right += r.wrong == 0u;
        r.zeros += sample == 0u;
        r.ones += sample == 0xFFFu;
        r.n++;
        state = next_test_sample(state);
    }
    return r;
}

uint32_t sw_diagnose_self_test(sw_driver *d, uint32_t fill)
{
    test_result r = compare_test(d, 0);
    uint32_t before = d->test_sign;
    d->test_sign = r.sign;
    if (r.wrong == 0u) {
        return SW_REASON_NONE;
    }
    if (SW_HANDLES(MISO_LOW) && r.zeros == r.n) {
        return SW_REASON_MISO_LOW;
    }
    if (SW_HANDLES(MISO_HIGH) && r.ones == r.n) {
        return SW_REASON_MISO_HIGH;
    }
    if (SW_HANDLES(BUS_SPLIT) && r.right > 1u && fill != 0u) { /* words up to the cut: those of the last right sample */
        uint32_t whole = 4u + (r.right - 1u) * d->timing.n_rx / 2u * 3u;
        d->window_bytes = whole >= SW_BUS_LEAST_WINDOW ? whole : 0u;
        return SW_REASON_BUS_SPLIT;
    }
    for (uint32_t shift = 1; SW_HANDLES(FIFO_SHIFTED) && shift <= SHIFTS_MAX; shift++) {
        test_result shifted = compare_test(d, shift);
        if (shifted.wrong == 0u) {
            return SW_REASON_FIFO_SHIFTED;
        }
    }
    if (SW_HANDLES(BUS_BITS) && r.wrong <= r.n / FEW_PARTS && r.sign != before) { /* elsewhere at the next try */
        return SW_REASON_BUS_BITS;
    }
    return SW_HANDLES(SELF_TEST_FAILED) ? SW_REASON_SELF_TEST_FAILED : SW_REASON_NONE;
}
