/* Uplink: how packets leave, and how delivery catches up.
 *
 * Rule: a data packet is kept first and sent then; outside streaming a kept packet leaves only when the host pulls it.
 */
#ifndef SW_UPLINK_H
#define SW_UPLINK_H

#include "sw_firmware_state.h"

#define SW_UPLINK_RESENT_PER_S 8u    /* packets sent again in a second of streaming, after the live one */
#define SW_UPLINK_RESERVE 1024u      /* bytes of the outbox that what is sent again leaves to live packets and answers */

/* A packet without a number and without a tag: an announcement. Returns its bytes on the line, 0: dropped. */
uint32_t sw_uplink_plain(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n);
/* An answer, counted, sealed with key; NULL: without a tag. */
void sw_uplink_answer_by(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n, const uint8_t *key);
/* An answer to the host of the session. */
void sw_uplink_answer(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n);
/* A data packet. now 1: it goes onto the line; 0: it waits until the device streams or the host pulls it. */
void sw_uplink_data(sw_firmware *fw, uint64_t t_us, uint32_t type, const uint8_t *payload, uint32_t n, int32_t now);
/* A second of streaming has ended and its live packet is out: sends again what is due. */
void sw_uplink_catch_up(sw_firmware *fw, uint64_t t_us);
/* Hands over what the host pulled, as far as there is room. */
void sw_uplink_hand_over(sw_firmware *fw, uint64_t t_us);

#endif
