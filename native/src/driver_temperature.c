/* The radar chip's temperature. See sw_driver_temperature.h.
 *
 * V = 0.78984 + 0.00286 * degrees Celsius against 1.21 V, 10 bits at the highest oversampling (datasheet V2.4.9).
 * Rule: a result is used when it was read twice alike, is not marked busy, and its start was not hurt on the wires.
 * Not tried on silicon: whether the converter is supplied in the pause, where the chip sleeps deeply.
 */
#include "sw_driver_temperature.h"

#include "sw_driver_bus.h"
#include "sw_driver_steps.h"
#include "sw_handles.h"

#define EVERY_US 59000000u /* and fetched a second later */
#define OLD_US 180000000u
#define CODES 1024
#define REFERENCE_10UV 121000
#define OFFSET_10UV 78984
#define SLOPE_10UV 286

/* In the middle of the converter's step, 0.41 degrees wide. */
static int32_t temperature_of(uint32_t code)
{
    int32_t volts_10uv = (2 * (int32_t)code + 1) * REFERENCE_10UV / (2 * CODES);
    return (volts_10uv - OFFSET_10UV) * 100 / SLOPE_10UV;
}

static void start(sw_driver *d)
{
    d->errors = 0;
    sw_bus_write(d, SW_REG_SADC_CTRL, SW_SADC_OVERSAMPLING | SW_SADC_START);
    (void)sw_bus_read(d, SW_REG_STAT0); /* its status speaks of the write before */
    d->temperature.started = (d->errors & SW_GSR0_CLOCKS) == 0u;
}

static void fetch(sw_driver *d, uint64_t now_us)
{
    sw_driver_temperature *t = &d->temperature;
    uint32_t code = sw_bus_read(d, SW_REG_SADC_RESULT);
    int32_t same = code == sw_bus_read(d, SW_REG_SADC_RESULT) && sw_bus_is_status(d->gsr0);
    t->started = 0;
    if (!same || code == 0u || code >= (uint32_t)CODES) { /* wires, no conversion, or busy: the next look starts another */
        return;
    }
    t->at_us = now_us;
    t->value = temperature_of(code);
    t->next_us = now_us + EVERY_US;
    if (SW_HANDLES(TEMPERATURE) && (t->value < SW_TEMPERATURE_MIN || t->value > SW_TEMPERATURE_MAX)) {
        sw_driver_note(d, now_us, SW_REASON_TEMPERATURE);
    }
}

void sw_temperature_look(sw_driver *d, uint64_t now_us)
{
    if (d->temperature.started) {
        fetch(d, now_us);
    } else if (now_us >= d->temperature.next_us) {
        start(d);
    }
}

void sw_temperature_forget(sw_driver *d) { d->temperature = (sw_driver_temperature){0}; }

int32_t sw_temperature_known(const sw_driver *d, uint64_t now_us, int32_t *value)
{
    const sw_driver_temperature *t = &d->temperature;
    *value = t->value;
    return t->at_us != 0u && now_us - t->at_us < OLD_US;
}
