/* The bridge of a bare-metal image: two semihosting files, named pipes of the rig.
 *
 * Rule: opened in the order the rig expects, requests first.
 */
#ifndef SW_BRIDGE_FILES_H
#define SW_BRIDGE_FILES_H

#include "../bridge_hal.h"

/* Returns 0, negative when a file cannot be opened. */
int32_t sw_bridge_files_open(sw_bridge *bridge);

#endif
