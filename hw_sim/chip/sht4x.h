/* A temperature and humidity sensor of the SHT4x class on an I2C bus.
 *
 * Rule: it counts the board's time and knows the room only by what it is told when a measurement begins.
 * Commands, durations (maximum), words and checksum: Sensirion, SHT4x datasheet, sections 3 and 4: 0xFD, 0xF6, 0xE0
 * measure with high, medium, low precision; 0x39 .. 0x15 heat, then measure; 0x89 serial number; 0x94 soft reset; six
 * bytes are read: a word and its checksum, twice, high byte first. While it measures it acknowledges nothing, and neither
 * a read when it has nothing to say.
 * Not modelled: repeatability, response time, drift, warming by the heater or by the board, the general-call reset.
 */
#ifndef SHT4X_H
#define SHT4X_H

#include <stdint.h>

enum sht4x_numbers {
    SHT4X_ADDRESS = 0x44,
    SHT4X_HIGH = 0xFD,
    SHT4X_MEDIUM = 0xF6,
    SHT4X_LOW = 0xE0,
    SHT4X_SERIAL = 0x89,
    SHT4X_RESET = 0x94,
    SHT4X_BYTES = 6,
    SHT4X_RESET_US = 1000
};

typedef struct sht4x {
    uint64_t ready_us; /* acknowledges nothing before */
    uint64_t measures; /* begun */
    uint32_t serial;
    int32_t holds;     /* what a read will give */
    int32_t wrong_crc; /* fault: checksums are wrong */
    uint8_t answer[SHT4X_BYTES];
} sht4x;

void sht4x_init(sht4x *s, uint32_t serial);
void sht4x_power_on(sht4x *s, uint64_t now_us);
/* One transaction. The room at its time: 1e-3 degree Celsius and 1e-3 percent. -1: nobody acknowledged. */
int32_t sht4x_transfer(sht4x *s, uint64_t now_us, int32_t temperature_mc, int32_t humidity_mpct, const uint8_t *tx,
                       uint32_t tx_n, uint8_t *rx, uint32_t rx_n);
uint8_t sht4x_crc(uint8_t high, uint8_t low);

#endif
