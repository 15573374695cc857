/* The firmware on a bare Cortex-M in lock-step: every HAL call is a record of the bridge.
 *
 * Rule: no interrupt, no timer; the core stands still inside a semihosting read until the rig answers.
 */
#include <stdint.h>

#include "../firmware_memory.h"
#include "bridge_files.h"
#include "deliberate.h"
#include "fault.h"

int main(void)
{
    static _Alignas(16) uint8_t firmware[SW_FIRMWARE_BYTES];
    static sw_bridge bridge;
    if (sw_bridge_files_open(&bridge) != 0) {
        return 3;
    }
    sw_deliberate();
    sw_fault_check_float();
    const int32_t status = sw_bridge_serve(&bridge, firmware, SW_FIRMWARE_BYTES);
    sw_fault_say_stack();
    return status == 0 ? 0 : 1;
}
