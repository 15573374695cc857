/* How much memory the firmware takes, as a constant, so that the linker sees it.
 *
 * Rule: the same sum as sw_firmware_size(), which is asked again when the firmware starts.
 */
#ifndef SW_FIRMWARE_MEMORY_H
#define SW_FIRMWARE_MEMORY_H

#include "sw_chain_state.h"
#include "sw_firmware_state.h"

#define SW_FIRMWARE_BYTES ((uint32_t)((sizeof(sw_firmware) + 15u) / 16u * 16u + sizeof(sw_chain)))

#endif
