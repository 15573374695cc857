/* Orders of the host: standby, wake window, night light; the answers that read them back.
 *
 * Rule: as commands.h has it. An order is taken once: what comes again with its nonce is answered with what is, and
 * changes nothing. What is to outlive a reboot is in the keeper's snapshot; the night light is not.
 */
#ifndef SW_ORDERS_H
#define SW_ORDERS_H

#include "sw_firmware_state.h"

#define SW_ORDERS_LIGHT_S 1800u /* a night light without a duration */

/* The packet just received, at now_us; t_us: device time of the answer. Returns 1 when it was answered. */
int32_t sw_orders_packet(sw_firmware *fw, uint64_t now_us, uint64_t t_us);
/* 1 when an order with this nonce was not taken before; from then on it was. */
int32_t sw_orders_take(sw_firmware *fw, uint64_t nonce);
/* 1 when a reboot finds what is wanted now: read back from flash, or nothing was ever to be kept. */
int32_t sw_orders_stored(const sw_firmware *fw);
/* Why it is in standby: the switch, or else the command. */
uint32_t sw_orders_standby_reason(const sw_firmware *fw);

#endif
