/* The serial line's receiving side: packets of the host, the device's name, its own time and random numbers.
 *
 * Rule: what the host says is answered or ignored here; what the device does by itself is firmware.c.
 */
#ifndef SW_LINE_H
#define SW_LINE_H

#include "sw_firmware_state.h"

/* Reads what has come, up to a limit a step; fw->uart_waits says that more is there. */
void sw_line_read(sw_firmware *fw, uint64_t now_us);
/* The payload of HELLO; host_nonce 0: the announcement. Returns its bytes. */
uint32_t sw_line_hello(const sw_firmware *fw, uint64_t device_nonce, uint64_t host_nonce, uint8_t *payload);
/* Chip time while frames run, the caller's otherwise; never backwards. */
uint64_t sw_line_present(const sw_firmware *fw, uint64_t now_us);
/* The same for what goes into a packet or to the policy. */
uint64_t sw_line_time(sw_firmware *fw, uint64_t now_us);
/* bytes <= 8 random bytes as a number. */
uint64_t sw_line_random(sw_firmware *fw, uint64_t now_us, uint32_t bytes);

#endif
