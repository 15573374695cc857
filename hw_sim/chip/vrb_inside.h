/* The virtual board for whoever compiles its sources in and wants to look inside; not part of libvrb's promise. */
#ifndef VRB_INSIDE_H
#define VRB_INSIDE_H

#include "trace.h"
#include "vrb.h"

/* The chip on the board, for the functions of chip.h. A host that fills its sample ring by itself opens the board with
 * the source "lent" and answers VRB_NEED_SAMPLES with chip_samples_set() instead of vrb_lend(). */
void *vrb_chip(vrb *board);

/* Logs the wires from now on, beginning with their levels; NULL ends it. The log must be drained in time. */
void vrb_trace(vrb *board, trace *log);

/* A key of the JSON of vrb_open(): "faults.chip_id" is chip_id in the object faults. For tables and tests. */
typedef struct vrb_key_info {
    const char *path;
    const char *expected;
    const char *standard; /* what holds without it, as JSON */
} vrb_key_info;

uint32_t vrb_key_count(void);
void vrb_key_describe(uint32_t index, vrb_key_info *out);

#endif
