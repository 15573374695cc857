/* Uplink: how packets leave, and how delivery catches up.
 *
 * Rule: a data packet is kept first and sent then; outside streaming a kept packet leaves only when the host pulls it.
 * The one exception is the packet that begins a silence, with what waits before it: there is no later instant to send it.
 */
#ifndef SW_UPLINK_H
#define SW_UPLINK_H

#include "sw_firmware_state.h"

#define SW_UPLINK_LATER 0u    /* kept, and sent when the device streams or the host pulls it */
#define SW_UPLINK_LIVE 1u     /* kept, and sent at once then */
#define SW_UPLINK_AT_ONCE 2u  /* sent and kept */

#define SW_UPLINK_STORED 5u          /* stored packets that go to the line ... */
#define SW_UPLINK_STORED_US 5000u    /* ... in so long: 921,600 baud take 900 a second */
#define SW_UPLINK_RESERVE 1024u      /* bytes of the outbox that stored packets leave to live ones and answers */
#define SW_UPLINK_GAPS 8u            /* GAP packets made at once */
#define SW_UPLINK_TOLD_AGAIN 32u     /* of a sector's; more would leave a ring of nothing but GAPs */

/* A packet without a number and without a tag: an announcement. Returns its bytes on the line, 0: dropped. */
uint32_t sw_uplink_plain(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n);
/* An answer, counted, sealed with key; NULL: without a tag. */
void sw_uplink_answer_by(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n, const uint8_t *key);
/* An answer to the host of the session. */
void sw_uplink_answer(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n);
/* A data packet; when: SW_UPLINK_*. */
void sw_uplink_data(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n, uint32_t when);
/* In every step of the device: writes what waits, sends what is written, then what is missing, pulled or stored. */
void sw_uplink_step(sw_firmware *fw, uint64_t now_us);

#endif
