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

    /* Pins: radar reset (active low), radar interrupt level, the user's standby switch (1 = standby). */
    void *pins;
    int32_t (*radar_reset)(void *pins, int32_t level);
    int32_t (*radar_irq)(void *pins);
    int32_t (*standby_switch)(void *pins);

    /* Serial line to the host. Both return how many bytes were taken or given (0..n). */
    void *uart;
    int32_t (*uart_write)(void *uart, const uint8_t *bytes, uint32_t n);
    int32_t (*uart_read)(void *uart, uint8_t *bytes, uint32_t capacity);

    /* Fills n bytes: the operating system's generator on a real device, the seed on the emulated board. */
    void *entropy;
    int32_t (*entropy_read)(void *entropy, uint8_t *bytes, uint32_t n);
} sw_hal;

#endif
