/* One second of the chain as a VITALS packet.
 *
 * Rule: what is unknown leaves as validity 0, value 0 and a reason; everything is clamped to its field.
 */
#ifndef SW_REPORT_H
#define SW_REPORT_H

#include <stdint.h>
#include "sw_chain.h"
#include "sw_packet.h"

#define SW_REPORT_WAVE_MAX 16u
#define SW_REPORT_WAVE_STEP_US 100000u /* 10 waveform samples/s */

/* What gathers until the next packet. */
typedef struct sw_report {
    uint32_t flags;          /* SW_FLAG_* of the second's frames */
    uint32_t wave_n;
    uint64_t wave_t_us;
    int16_t wave_um[SW_REPORT_WAVE_MAX]; /* one unbroken, valid piece; a jump in time starts a new one */
} sw_report;

void sw_report_clear(sw_report *report);
void sw_report_add(sw_report *report, const sw_chain_out *frame);
/* Packet of the second that ends with this frame, in uplink state `state`. */
void sw_report_vitals(const sw_report *report, const sw_chain_out *last, uint32_t state, sw_packet_vitals *out);

#endif
