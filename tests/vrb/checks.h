/* What a driver may expect of the board, as a list of checks over whatever carries its bus and pins.
 *
 * Rule: nothing is known here but a table of functions: the same checks run on libvrb, on a socket, on hardware.
 */
#ifndef CHECKS_H
#define CHECKS_H

#include <stddef.h>
#include <stdint.h>

typedef struct port { /* as the functions of vrb.h; ctx is the first argument of each */
    void *ctx;
    int (*cs)(void *ctx, int level);
    int (*xfer)(void *ctx, const uint8_t *tx, uint8_t *rx, size_t n);
    int (*rst)(void *ctx, int level);
    int (*irq)(void *ctx);
    int (*advance)(void *ctx, uint64_t ns);
    int (*wait_irq)(void *ctx, uint64_t max_ns);
    uint64_t (*time_ns)(void *ctx);
    /* A whole chip-select window: n_tx bytes of tx, then n_rx bytes FF; rx: what came back, n_tx + n_rx bytes. */
    int (*window)(void *ctx, const uint8_t *tx, size_t n_tx, uint8_t *rx, size_t n_rx);
    /* The same n times, nothing waiting for an answer in between if that can be; rx: all answers behind one another. */
    int (*windows)(void *ctx, size_t n, const uint8_t *tx, size_t n_tx, uint8_t *rx, size_t n_rx);
} port;

/* Runs the checks named (n 0: all), a line for each on stdout; stops at the first that fails. 0: all held. */
int run_checks(const port *p, int n, char **names);

/* Prints `accesses_per_s burst_bytes_per_s` of single accesses and bursts of 3072 bytes, each waiting for its answer, and
 * the same two figures of some at a time. */
int measure(const port *p, double budget_s);

#endif
