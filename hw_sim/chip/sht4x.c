/* Commands in, words with checksums out.
 *
 * Rule: integers only; a word is the nearest to the room's value, at its ends where the room is beyond.
 */
#include "sht4x.h"

#include <string.h>

#define POLYNOMIAL 0x31u /* x^8 + x^5 + x^4 + 1, begins at FF */
#define FULL 65535

typedef struct command {
    uint8_t code;
    uint32_t takes_us;
} command;

static const command commands[] = {
    {SHT4X_HIGH, 8300}, {SHT4X_MEDIUM, 4500}, {SHT4X_LOW, 1600},
    {0x39, 1100000}, {0x32, 110000}, {0x2F, 1100000}, {0x24, 110000}, {0x1E, 1100000}, {0x15, 110000},
};

void sht4x_init(sht4x *s, uint32_t serial)
{
    memset(s, 0, sizeof *s);
    s->serial = serial;
    s->ready_us = SHT4X_RESET_US;
}

void sht4x_power_on(sht4x *s, uint64_t now_us)
{
    s->holds = 0;
    s->ready_us = now_us + SHT4X_RESET_US;
}

uint8_t sht4x_crc(uint8_t high, uint8_t low)
{
    const uint8_t bytes[2] = {high, low};
    uint32_t crc = 0xFF;
    for (int i = 0; i < 2; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 0x80u) != 0u ? (crc << 1 ^ POLYNOMIAL) & 0xFFu : crc << 1 & 0xFFu;
        }
    }
    return (uint8_t)crc;
}

static void put(sht4x *s, uint32_t at, uint32_t word)
{
    s->answer[at] = (uint8_t)(word >> 8);
    s->answer[at + 1u] = (uint8_t)word;
    s->answer[at + 2u] = (uint8_t)(sht4x_crc((uint8_t)(word >> 8), (uint8_t)word) ^ (s->wrong_crc ? 0x01u : 0u));
    s->holds = 1;
}

/* value = from + span * word / 65535, all 1e-3. */
static uint32_t word_of(int64_t value, int64_t from, int64_t span)
{
    const int64_t word = ((value - from) * FULL * 2 + span) / (2 * span);
    return (uint32_t)(word < 0 ? 0 : word > FULL ? FULL : word);
}

static int32_t obey(sht4x *s, uint64_t now_us, int32_t temperature_mc, int32_t humidity_mpct, uint8_t code)
{
    for (uint32_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (commands[i].code == code) {
            s->ready_us = now_us + commands[i].takes_us;
            s->measures++;
            put(s, 0, word_of(temperature_mc, -45000, 175000));
            put(s, 3, word_of(humidity_mpct, -6000, 125000));
            return 0;
        }
    }
    if (code == SHT4X_SERIAL) {
        put(s, 0, s->serial >> 16);
        put(s, 3, s->serial & 0xFFFFu);
        return 0;
    }
    if (code == SHT4X_RESET) {
        s->holds = 0;
        s->ready_us = now_us + SHT4X_RESET_US;
        return 0;
    }
    return -1;
}

int32_t sht4x_transfer(sht4x *s, uint64_t now_us, int32_t temperature_mc, int32_t humidity_mpct, const uint8_t *tx,
                       uint32_t tx_n, uint8_t *rx, uint32_t rx_n)
{
    if (now_us < s->ready_us) {
        return -1;
    }
    if (tx_n > 1u || (tx_n == 1u && obey(s, now_us, temperature_mc, humidity_mpct, tx[0]) < 0)) {
        return -1;
    }
    if (rx_n == 0u) {
        return 0;
    }
    if (!s->holds || now_us < s->ready_us) { /* nothing to say, or measuring since this very transaction */
        return -1;
    }
    for (uint32_t i = 0; i < rx_n; i++) {
        rx[i] = i < SHT4X_BYTES ? s->answer[i] : 0xFF;
    }
    s->holds = 0;
    return 0;
}
