/* The seam between the firmware and whatever board it runs on.
 *
 * Rule: plain C types only (void *ctx and function pointers), so that any board
 * binds its functions by address, without a header or glue shared with it.
 * No call blocks. Each returns 0 (or a count) on success, negative on failure.
 */
#ifndef SW_HAL_H
#define SW_HAL_H

#include <stdint.h>

typedef struct sw_hal {
    /* SPI bus of the radar chip. level 0 selects the chip, 1 releases it.
     * xfer is full duplex inside the chip-select window; tx NULL sends 0xFF, rx NULL drops. */
    void *spi;
    int32_t (*spi_cs)(void *spi, int32_t level);
    int32_t (*spi_xfer)(void *spi, const uint8_t *tx, uint8_t *rx, uint32_t n);

    /* Pins: radar reset (active low), radar interrupt level, the user's standby switch (1 = standby), the user's
     * button (1 = pressed), buzzer (1 = sounds), wake-up light (PWM duty of each colour, 0 dark .. 65535 full). */
    void *pins;
    int32_t (*radar_reset)(void *pins, int32_t level);
    int32_t (*radar_irq)(void *pins);
    int32_t (*standby_switch)(void *pins);
    int32_t (*button)(void *pins);
    int32_t (*buzzer)(void *pins, int32_t level);
    int32_t (*light)(void *pins, uint32_t red, uint32_t green, uint32_t blue);

    /* I2C bus, one transaction: sends tx_n bytes, then after a repeated start reads rx_n; either may be 0. address: 7 bits.
     * Negative: nobody acknowledged. */
    void *i2c;
    int32_t (*i2c_transfer)(void *i2c, uint8_t address, const uint8_t *tx, uint32_t tx_n, uint8_t *rx, uint32_t rx_n);

    /* NOR flash: an erased byte is 0xFF, programming clears bits. flash_program (inside one 256-byte page) and
     * flash_erase (the 4-KB sector that holds address) start and return at once; negative: refused.
     * flash_busy: 1 while one runs; a read while busy is refused. */
    void *flash;
    int32_t (*flash_read)(void *flash, uint32_t address, uint8_t *bytes, uint32_t n);
    int32_t (*flash_program)(void *flash, uint32_t address, const uint8_t *bytes, uint32_t n);
    int32_t (*flash_erase)(void *flash, uint32_t address);
    int32_t (*flash_busy)(void *flash);

    /* Serial line to the host. Both return how many bytes were taken or given (0..n). */
    void *uart;
    int32_t (*uart_write)(void *uart, const uint8_t *bytes, uint32_t n);
    int32_t (*uart_read)(void *uart, uint8_t *bytes, uint32_t capacity);

    /* Fills n bytes: the operating system's generator on a real device, the seed on the emulated board. */
    void *entropy;
    int32_t (*entropy_read)(void *entropy, uint8_t *bytes, uint32_t n);

    /* Watchdog: from watchdog_start on the device is reset unless it is fed again within timeout_ms; nothing stops it.
     * reset_cause: SW_RESET_* (wire/words.h), why this boot began; the same at every call. */
    void *watchdog;
    int32_t (*watchdog_start)(void *watchdog, uint32_t timeout_ms);
    int32_t (*watchdog_feed)(void *watchdog);
    int32_t (*reset_cause)(void *watchdog);
} sw_hal;

#endif
