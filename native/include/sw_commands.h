/* Commands of the host: alarm, time, settings.
 *
 * Rule: every question with a nonce is answered exactly once, at once, with a fixed length, in every state; TIME is no
 * question. A question with nonce 0 is none.
 */
#ifndef SW_COMMANDS_H
#define SW_COMMANDS_H

#include "sw_firmware_state.h"

/* The packet just received, at now_us; t_us: device time of the answer. Returns 1 when it was answered. */
int32_t sw_commands_packet(sw_firmware *fw, uint64_t now_us, uint64_t t_us);
/* What the alarm has done, as data packets. live 1: they may leave now. Returns how many there were. */
uint32_t sw_commands_events(sw_firmware *fw, uint64_t t_us, int32_t live);

#endif
