/* Probes: named places in the chain's state and output, and the moment of each frame at which they hold.
 *
 * Rule: a probe only reads. The chain runs the same operations with and without one; what it costs is a branch a block.
 */
#ifndef SW_PROBE_H
#define SW_PROBE_H

#include <stdint.h>

/* BLOCK(NAME): what has just ended. Memory that lives for a part of a frame holds until the block named there. */
#define SW_AFTER_BLOCKS(BLOCK) \
    BLOCK(HALF_BURST)   /* half bursts are there, samples are gone */ \
    BLOCK(RANGE_FFT)    /* range.profile and range.difference are there */ \
    BLOCK(CLUTTER)      /* what moves is there */ \
    BLOCK(CANDIDATES) \
    BLOCK(DIRECTION) \
    BLOCK(MOTION) \
    BLOCK(PHASE_CIRCLE) /* and displacement, band filter, breathing rate */ \
    BLOCK(VITALS)       /* the frame's output is complete */

#define SW_AFTER_WORD(NAME) SW_AFTER_##NAME,
typedef enum sw_after { SW_AFTER_BLOCKS(SW_AFTER_WORD) SW_AFTER_COUNT } sw_after;
#undef SW_AFTER_WORD

struct sw_chain_out;

/* Called when a block has ended. out is complete after the last block only. */
typedef void (*sw_block_hook)(void *context, uint32_t block, const struct sw_chain_out *out);

/* From now until the next init, hook is called after each block whose bit (1 << SW_AFTER_*) is set. Between two steps. */
void sw_chain_watch(void *state, sw_block_hook hook, void *context, uint32_t blocks);

#define SW_PROBE_NAME 40

typedef enum sw_probe_type {
    SW_PROBE_FLOAT = 0,
    SW_PROBE_INT32,
    SW_PROBE_UINT32,
    SW_PROBE_INT16,
    SW_PROBE_UINT64
} sw_probe_type;

/* One place. Text, not pointers to it: the table is constant data on every target. */
typedef struct sw_probe {
    char name[SW_PROBE_NAME]; /* block.field */
    char unit[SW_PROBE_NAME];
    char axes[SW_PROBE_NAME]; /* one word per axis, outermost first (edge/probes.py); nothing: a single value */
    uint32_t offset;          /* bytes from the beginning of sw_chain, or of sw_chain_out */
    uint32_t bytes;           /* of the member */
    uint32_t block;           /* SW_AFTER_* after which it holds */
    uint32_t type;            /* SW_PROBE_* of one element */
    uint32_t of_output;       /* 1: it lies in sw_chain_out */
} sw_probe;

/* The table; *n: its rows. */
const sw_probe *sw_probe_table(uint32_t *n);

#endif
