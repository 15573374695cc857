/* Integrations that follow one another, and registers of 16 bits, low byte first.
 *
 * Rule: nothing runs between transactions; how many integrations have ended follows from the time.
 */
#include "veml7700.h"

#include <string.h>

#define NEVER UINT64_MAX
#define FULL 65535u
#define BITS_SHUTDOWN 0x0001u
#define BEST_LUX 0.0042 /* a count at gain 2 and 800 ms */

void veml7700_init(veml7700 *v)
{
    memset(v, 0, sizeof *v);
    v->from_us = NEVER;
    v->registers[VEML7700_CONF] = BITS_SHUTDOWN;
    v->registers[VEML7700_ID] = VEML7700_ID_WORD;
}

static double corrected(double lux)
{
    return (((6.0135e-13 * lux - 9.3924e-9) * lux + 8.1488e-5) * lux + 1.0023) * lux;
}

double veml7700_bent_lux(double true_lux)
{
    double low = 0.0, high = true_lux;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2.0;
        if (corrected(middle) < true_lux) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t integration_ms(const veml7700 *v)
{
    switch (v->registers[VEML7700_CONF] >> 6 & 15u) {
    case 12: return 25;
    case 8: return 50;
    case 1: return 200;
    case 2: return 400;
    case 3: return 800;
    default: return 100;
    }
}

/* Of a reading to the next. */
static uint64_t period_us(const veml7700 *v)
{
    const uint32_t power = v->registers[VEML7700_POWER];
    const uint64_t pause_ms = (power & 1u) != 0u ? 500u << (power >> 1 & 3u) : 0u;
    return (integration_ms(v) + pause_ms) * 1000u;
}

static uint32_t counts(const veml7700 *v, uint32_t mlux)
{
    static const double gains[4] = {1.0, 2.0, 0.125, 0.25};
    const double gain = gains[v->registers[VEML7700_CONF] >> 11 & 3u];
    const double a_count = BEST_LUX * (2.0 / gain) * (800.0 / integration_ms(v));
    const double n = veml7700_bent_lux(mlux / 1000.0) / a_count + 0.5;
    return n > FULL ? FULL : (uint32_t)n;
}

/* Brings the readings to now: the last integration that has ended counts. */
static void follow(veml7700 *v, uint64_t now_us, uint32_t (*light_mlux)(const void *room, uint64_t t_us), const void *room)
{
    if (v->from_us == NEVER || now_us < v->from_us) {
        return;
    }
    const uint64_t ended = (now_us - v->from_us) / period_us(v);
    if (ended == 0u) {
        return;
    }
    v->from_us += ended * period_us(v);
    v->als = counts(v, light_mlux(room, v->from_us));
    v->white = 2u * v->als > FULL ? FULL : 2u * v->als;
}

static void set(veml7700 *v, uint64_t now_us, uint32_t number, uint32_t word)
{
    const uint32_t was_off = v->registers[VEML7700_CONF] & BITS_SHUTDOWN;
    if (number >= VEML7700_ALS) {
        return; /* read only */
    }
    v->registers[number] = (uint16_t)word;
    if (number == VEML7700_CONF) { /* a new setting begins a new integration */
        v->from_us = (word & BITS_SHUTDOWN) != 0u ? NEVER : now_us + (was_off ? VEML7700_WAKE_US : 0u);
    }
}

int32_t veml7700_transfer(veml7700 *v, uint64_t now_us, uint32_t (*light_mlux)(const void *room, uint64_t t_us),
                          const void *room, const uint8_t *tx, uint32_t tx_n, uint8_t *rx, uint32_t rx_n)
{
    if (tx_n == 0u || tx[0] >= VEML7700_REGISTERS) {
        return -1;
    }
    follow(v, now_us, light_mlux, room);
    if (tx_n == 3u) {
        set(v, now_us, tx[0], (uint32_t)tx[1] | (uint32_t)tx[2] << 8);
    }
    uint32_t word = v->registers[tx[0]];
    word = tx[0] == VEML7700_ALS ? v->als : tx[0] == VEML7700_WHITE ? v->white : word;
    for (uint32_t i = 0; i < rx_n; i++) {
        rx[i] = i < 2u ? (uint8_t)(word >> (8u * i)) : 0xFF;
    }
    return 0;
}
