/* An ambient light sensor of the VEML7700 class on an I2C bus.
 *
 * Rule: it counts the board's time; a reading is the light at the end of an integration, in counts of the gain and
 * integration time that were set when it began.
 * Registers, bits and resolutions: Vishay, VEML7700 datasheet (0.0042 lx a count at gain 2 and 800 ms, in proportion
 * otherwise); the bend, which matters above 1000 lx, and the refresh times of power saving: Vishay, Designing the VEML7700
 * into an application. Counts follow the inverse of the note's correction, without a step at 1000 lx.
 * Not modelled: noise, dark counts, spectrum (WHITE is twice ALS), angle, thresholds and their interrupt, persistence.
 */
#ifndef VEML7700_H
#define VEML7700_H

#include <stdint.h>

enum veml7700_numbers {
    VEML7700_ADDRESS = 0x10,
    VEML7700_CONF = 0, /* bit 0 shutdown, 6..9 integration time, 11..12 gain */
    VEML7700_HIGH = 1,
    VEML7700_LOW = 2,
    VEML7700_POWER = 3, /* bit 0 on, 1..2 mode */
    VEML7700_ALS = 4,
    VEML7700_WHITE = 5,
    VEML7700_INTERRUPT = 6,
    VEML7700_ID = 7,
    VEML7700_REGISTERS = 8,
    VEML7700_ID_WORD = 0xC481,
    VEML7700_WAKE_US = 2500
};

typedef struct veml7700 {
    uint64_t from_us;  /* the present integration began; UINT64_MAX: shut down */
    uint32_t als;      /* of the last complete one */
    uint32_t white;
    uint16_t registers[VEML7700_REGISTERS];
} veml7700;

void veml7700_init(veml7700 *v);
/* One transaction; light_mlux: at a time, asked for the ends of integrations. -1: nobody acknowledged. */
int32_t veml7700_transfer(veml7700 *v, uint64_t now_us, uint32_t (*light_mlux)(const void *room, uint64_t t_us),
                          const void *room, const uint8_t *tx, uint32_t tx_n, uint8_t *rx, uint32_t rx_n);
/* What a perfectly linear one would read, lx, where the light is true_lux: the inverse of the note's correction. */
double veml7700_bent_lux(double true_lux);

#endif
