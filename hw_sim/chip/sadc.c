/* The sensor converter: SADC_CTRL starts one conversion, SADC_RESULT shows it, STAT0 when another may be started.
 *
 * Rule: the value is that of the start, it appears when the conversion is over; a start meanwhile is ignored.
 * V = 0.78984 + 0.00286 * degrees C against 1.21 V; 8, 8, 9, 10 bits by oversampling, shifted to the upper end of 10.
 * The duration is a choice, no source gives one: 20 converter clocks times the oversampling.
 * Not modelled: other channels than the temperature (read 0, warn), start-up calibration, supply: a start works in any power mode.
 */
#include "chip_internal.h"

#define CLOCKS_PER_SAMPLE 20u
#define RESULT_BITS 10u
#define REFERENCE_1E8_V 121000000  /* 1.21 V in 1e-8 V */
#define OFFSET_1E8_V 78984000
#define SLOPE_1E8_V_PER_MC 286     /* 0.00286 V per degree */

static const uint32_t samples_of[4] = {1, 2, 4, 32};
static const uint32_t bits_of[4] = {8, 8, 9, 10};

static uint32_t code(int32_t temperature_mc, uint32_t bits, uint32_t low_gain)
{
    int64_t full = (int64_t)1 << bits;
    int64_t voltage = OFFSET_1E8_V + (int64_t)SLOPE_1E8_V_PER_MC * temperature_mc;
    int64_t value = voltage <= 0 ? 0 : full * voltage * (low_gain ? 3 : 4) / (4 * (int64_t)REFERENCE_1E8_V);
    return (uint32_t)(value < full ? value : full - 1) << (RESULT_BITS - bits);
}

static uint32_t busy(const chip *c)
{
    return c->clock.tick < c->sadc.done_tick;
}

void sadc_start(chip *c)
{
    sadc_state *s = &c->sadc;
    uint32_t oversampling = FIELD(c, SADC_CTRL, OVERSAMPLING);
    uint32_t divider = FIELD(c, MAIN, SADC_CLK_DIV) + 1u;
    if (busy(c))
        return;
    s->before = s->result;
    s->result = 0;
    if (FIELD(c, SADC_CTRL, CHANNEL) == 0)
        s->result = code(c->faults.hot_mc ? c->faults.hot_mc : c->options.temperature_mc, bits_of[oversampling], FIELD(c, SADC_CTRL, LVGAIN));
    else
        chip_warn(c, REG_SADC_CTRL);
    s->awake = 1;
    s->done_tick = c->clock.tick + (uint64_t)CLOCKS_PER_SAMPLE * divider * samples_of[oversampling];
}

void sadc_reset(chip *c)
{
    c->sadc = (sadc_state){0};
}

uint32_t sadc_read(const chip *c)
{
    return FIELD_AT(SADC_RESULT_BUSY, busy(c)) | FIELD_AT(SADC_RESULT_RESULT, busy(c) ? c->sadc.before : c->sadc.result);
}

/* Supplied by the channel set of the present power mode, or by a conversion since the last reset; and free. */
uint32_t sadc_ready(const chip *c, uint32_t set)
{
    return !busy(c) && (c->sadc.awake || !FIELD_OF(set, CSC1_SADC_ISOPD));
}

void chip_set_temperature_mc(void *memory, int32_t temperature_mc)
{
    ((chip *)memory)->options.temperature_mc = temperature_mc;
}
