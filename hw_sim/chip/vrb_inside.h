/* The virtual board for whoever compiles its sources in and wants to look inside; not part of libvrb's promise. */
#ifndef VRB_INSIDE_H
#define VRB_INSIDE_H

#include "vrb.h"

/* The chip on the board, for the functions of chip.h. A host that fills its sample ring by itself opens the board with
 * the source "lent" and answers VRB_NEED_SAMPLES with chip_samples_set() instead of vrb_lend(). */
void *vrb_chip(vrb *board);

#endif
