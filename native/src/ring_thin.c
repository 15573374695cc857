/* The thin ring: the oldest packets without their waveforms. See sw_ring_store.h.
 *
 * Rule: a packet is read back from the thin ring before the first one may forget it.
 */
#include <string.h>

#include "sw_packet.h"
#include "sw_ring_read.h"
#include "sw_words.h"

#define NEVER UINT64_MAX
#define LOOK 8u /* missing packets passed over at once */

/* Places in the payload of VITALS. */
#define WAVE_VALIDITY 29u
#define WAVE_REASON 30u
#define WAVE_N 31u
#define WAVE 32u /* up to its end: the wave, then its time */
#define BYTES(type, name, count, lsb, unit) +sizeof(sw_##type) * (count)
#define VITALS_BYTES (0u SW_VITALS_FIELDS(BYTES))
_Static_assert(VITALS_BYTES == WAVE + 16u * 2u + 8u, "the wave is the end of VITALS");

void sw_ring_with(sw_ring *r, sw_ring *thin)
{
    sw_ring_init(thin, 0, NEVER);
    thin->magic = SW_RING_THIN_MAGIC;
    r->thin = thin;
}

static void thin_out(sw_ring_record *record)
{
    if (record->type != SW_PACKET_VITALS || record->n != VITALS_BYTES) {
        return;
    }
    if (record->payload[WAVE_N] != 0u || record->payload[WAVE_VALIDITY] != 0u) {
        record->payload[WAVE_REASON] = SW_REASON_STORE_FULL;
    }
    record->payload[WAVE_VALIDITY] = 0;
    record->payload[WAVE_N] = 0;
    record->n = (uint8_t)WAVE;
}

void sw_ring_widen(sw_ring_record *record)
{
    if (record->type == SW_PACKET_VITALS && record->n == WAVE) {
        memset(record->payload + WAVE, 0, VITALS_BYTES - WAVE);
        record->n = (uint8_t)VITALS_BYTES;
    }
}

void sw_ring_thin_feed(sw_ring *r, const sw_hal *hal, uint64_t now_us)
{
    sw_ring_record record;
    if (!sw_ring_ready(r->thin, now_us)) {
        return;
    }
    for (uint32_t i = 0; i < LOOK && r->full_from < r->thin_to; i++) {
        const int32_t seen = sw_ring_read(r, hal, r->full_from, &r->thinned, &record);
        if (seen < 0) {
            r->thin->at_us = now_us + 1000u;
            return;
        }
        if (seen > 0) {
            thin_out(&record);
            r->thin->next = record.at;
            sw_ring_write(r->thin, now_us, &record);
            return;
        }
        r->full_from++;
    }
    if (r->full_from < r->thin_to) {
        r->thin->at_us = now_us;
    }
}

void sw_ring_thinned(sw_ring *r) { r->full_from = r->thin->next; }
