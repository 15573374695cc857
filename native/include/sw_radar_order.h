/* The radar configuration that a host orders: checked, kept, in force from the next start of the frames.
 *
 * Rule: what the chip or the chain cannot do is refused and changes nothing. A configuration in flash that this firmware
 * cannot do is dropped for the device's own. Order and read-back are answered as orders.h has it.
 */
#ifndef SW_RADAR_ORDER_H
#define SW_RADAR_ORDER_H

#include "sw_firmware_state.h"

#define SW_RADAR_ORDER_SLOWEST_NS 200000000u /* frame period; breathing wants five frames a second */

/* crc32 of the fields in order, as HELLO tells it. */
uint32_t sw_radar_order_hash(const sw_radar_config *config);
/* The packet just received, at now_us; t_us: device time of the answer. Returns 1 when it was answered. */
int32_t sw_radar_order_packet(sw_firmware *fw, uint64_t now_us, uint64_t t_us);
/* Sets radar and chain up anew when another configuration is wanted than is in force; the radar is asleep then. Only once
 * the flash was read. */
void sw_radar_order_follow(sw_firmware *fw, uint64_t now_us);

#endif
