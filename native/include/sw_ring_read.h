/* Reading the ring, for the file that writes it.
 *
 * Rule: nothing here changes the flash.
 */
#ifndef SW_RING_READ_H
#define SW_RING_READ_H

#include "sw_ring_store.h"

#define SW_RING_MAGIC 0x31475253u /* "SRG1" */
#define SW_RING_THIN_MAGIC 0x31545253u /* "SRT1" */
#define SW_RING_CHECK 0x5Au
#define SW_RING_AT_KIND 1u /* in a record */
#define SW_RING_NAME 8u    /* in the payload of BOOT: boot and number of a packet that is missing */

typedef struct sw_ring_sector_head {
    uint32_t counter;
    uint32_t first; /* `at` of its first data record */
    uint32_t tail;  /* when it was opened */
} sw_ring_sector_head;

uint32_t sw_ring_address(const sw_ring *r, uint32_t counter, uint32_t offset);
/* The sector of this counter. 1: it is there; 0: it is not; -1: the flash is busy. */
int32_t sw_ring_sector(const sw_ring *r, const sw_hal *hal, uint32_t counter, sw_ring_sector_head *head);
/* A packet that lost its waveform, as the packet it was but for that. */
void sw_ring_widen(sw_ring_record *record);
/* Looks at the next sectors. 1: all are known, and the ring can be used. */
int32_t sw_ring_scan(sw_ring *r, const sw_hal *hal);

#endif
