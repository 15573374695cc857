/* One negative code for everything that can be wrong at init. */
#ifndef SW_ERROR_H
#define SW_ERROR_H

typedef enum sw_error {
    SW_OK = 0,
    SW_ERROR_CONFIG_RX = -1,        /* rx_mask empty or beyond three antennas */
    SW_ERROR_CONFIG_SAMPLES = -2,   /* n_samples not 64, 128, 256 or 512 */
    SW_ERROR_CONFIG_CHIRPS = -3,    /* n_chirps odd, 0 or over 64 */
    SW_ERROR_CONFIG_RATE = -4,      /* sample rate is not 80 MHz / n, n >= 20 */
    SW_ERROR_CONFIG_SWEEP = -5,     /* sweep outside 57..64 GHz, falling, or not reachable */
    SW_ERROR_CONFIG_TIMING = -6,    /* chirp or frame period too short or too long for the timers */
    SW_ERROR_CONFIG_FIFO = -7,      /* a frame does not fit the FIFO */
    SW_ERROR_CONFIG_GAIN = -8,      /* gain, filter or transmit level not available */
    SW_ERROR_FLUSH_TO_ZERO = -9,    /* somebody set flush-to-zero: floats would differ */
    SW_ERROR_PARAMETER = -10        /* a block of the chain was given a parameter outside its range */
} sw_error;

#endif
