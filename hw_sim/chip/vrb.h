/* The virtual radar board: a BGT60TR13C for anybody's driver, without Python.
 *
 * `make vrb` builds libvrb.so; this header alone is needed to use it. It is what a driver is given on a real board:
 * an SPI bus with its chip select, a reset pin, an interrupt pin, and time. Time moves in vrb_advance() and
 * vrb_wait_irq(), and in vrb_xfer() when an SPI clock rate was given; it ends at 2^62 ns, after 146 years.
 * Not thread-safe: one board, one thread. Several boards do not know of each other.
 */
#ifndef VRB_H
#define VRB_H

#include <stddef.h>
#include <stdint.h>

#define VRB_ABI 1u

#if defined(__cplusplus)
extern "C" {
#endif
#if defined(VRB_API) /* whoever compiles the sources in may have said it */
#elif defined(__GNUC__)
#define VRB_API __attribute__((visibility("default")))
#else
#define VRB_API
#endif

typedef struct vrb vrb;

enum vrb_status {
    VRB_OK = 0,
    VRB_NEED_SAMPLES = 2,     /* source "lent": a frame starts now and none is there; lend some, call again */
    VRB_IN_RESET = -1,        /* the reset pin is low: the chip does not answer, MISO reads FF */
    VRB_NOT_SELECTED = -2,    /* clocks without chip select, MISO reads FF */
    VRB_WRONG_USE = -3        /* a NULL board, a level that is neither 0 nor 1, frames of the wrong size (or > 2^26) */
};

VRB_API uint32_t vrb_abi(void);
/* A board after power-on, both pins high, time 0. json: NULL, or an object with any of
 *   source    "ramp" (default), "lent", "silence", "noise", or {"file": PATH}: raw uint16, little-endian, whole frames
 *             in FIFO order
 *   seed (of "noise"), spi_hz, reference_hz, gsr0_order ("datasheet", "vendor_header"), fou_while_empty, adc0_bit_13,
 *   extra_clocks, temperature_c, and "faults": {chip_id, reset_stuck, memory_broken, miso_and, miso_or, irq_stuck_low}
 * An unknown key or an impossible value: NULL, and vrb_why() says which in one line. */
VRB_API vrb *vrb_open(const char *json);
VRB_API void vrb_close(vrb *board); /* NULL: nothing */
VRB_API const char *vrb_why(void);  /* of this thread's last vrb_open() or vrb_serve() that failed; "" before */

/* Reset pin and chip select, both active low; 0 or an error. */
VRB_API int vrb_rst(vrb *board, int level);
VRB_API int vrb_cs(vrb *board, int level);
/* Full duplex inside one chip-select window, in any number of calls. tx NULL sends FF, rx NULL drops; rx may be
 * tx. */
VRB_API int vrb_xfer(vrb *board, const uint8_t *tx, uint8_t *rx, size_t n);
VRB_API int vrb_irq(vrb *board); /* level of the interrupt pin, active high */

/* Runs for ns. VRB_NEED_SAMPLES: stopped before, at the start of a frame that is to be lent: lend it and call again
 * for what is left of ns (vrb_time_ns() says how much has passed). */
VRB_API int vrb_advance(vrb *board, uint64_t ns);
/* Runs until the interrupt pin is high, at most for max_ns. 1: it is high; 0: max_ns are over; or VRB_NEED_SAMPLES. */
VRB_API int vrb_wait_irq(vrb *board, uint64_t max_ns);
VRB_API uint64_t vrb_time_ns(vrb *board); /* since power-on */

/* Source "lent": n_samples 12-bit values, whole frames in the order of the FIFO [chirp][sample][rx], borrowed until the
 * next call of it. n_samples 0: no more frames. With spi_hz a frame may start in vrb_xfer(), which cannot ask for it: it
 * begins late, at the next vrb_advance() or vrb_wait_irq(). Who polls over SPI alone calls vrb_advance(board, 0). */
VRB_API int vrb_lend(vrb *board, const uint16_t *samples, size_t n_samples);

/* Offers the board on a socket, "unix:PATH" or "tcp:127.0.0.1:PORT", to one client at a time (docs/virtual-board.md has
 * the protocol). Call it again and again: it returns VRB_OK once a second, so that its caller may end; VRB_NEED_SAMPLES:
 * lend some first; VRB_WRONG_USE: the address cannot be had, vrb_why() says why in one line. Clients notice nothing of
 * it. What is wrong with a client is one line on stderr. */
VRB_API int vrb_serve(vrb *board, const char *address);

/* The source "ramp": sample k of a chirp (counted in the order of the FIFO, all antennas) is
 * (k + 7 * chirp + 131 * frame) & 0xFFF, frame and chirp from 0 at FRAME_START. */

#if defined(__cplusplus)
}
#endif
#endif
