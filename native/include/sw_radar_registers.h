/* From a radar config to the chip's register list, and what that list really programmes.
 *
 * Rule: integer arithmetic only, so that every target writes the same words.
 */
#ifndef SW_RADAR_REGISTERS_H
#define SW_RADAR_REGISTERS_H

#include <stdint.h>
#include "sw_config.h"

#define SW_RADAR_REGISTER_COUNT 38

/* Computes the register list (words as they go over SPI: address << 25 | 1 << 24 | data) and its timing.
 * Chirp repetition is exact to the 80 MHz clock, frame repetition too (above 0.5 s within 4 clocks, 50 ns; up to
 * 3.2 s); the sweep is within half a ramp step of the declared one (the ramp step is 610 Hz per clock). Returns 0 or a negative sw_error; then nothing is written. */
int32_t sw_radar_registers(const sw_radar_config *config, uint32_t words[SW_RADAR_REGISTER_COUNT],
                           sw_radar_timing *timing);

#endif
