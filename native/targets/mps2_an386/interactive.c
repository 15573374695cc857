/* The firmware on a Cortex-M4 as on a real board: its serial line is UART0, its time a timer, and it waits in one place.
 *
 * Radar, flash, clock chip and pins stay the rig's: their calls are records of the bridge, and once a millisecond the
 * board is told the time and says what has happened on it. Rule: the device's time leads, the board's follows; so runs
 * are in real time, and no two are alike to the byte (lockstep.c is for that).
 */
#include "cmsdk.h"

#include "../cortex_m/bridge_files.h"
#include "../cortex_m/fault.h"
#include "../firmware_memory.h"

static void serve(sw_bridge *bridge, void *firmware)
{
    uint64_t deadline_us = SW_NEVER;
    uint32_t beats = sw_cmsdk_beats() - 1u;
    for (;;) {
        uint64_t now_us = sw_cmsdk_time_us();
        if (sw_cmsdk_beats() != beats) {
            beats = sw_cmsdk_beats();
            const int32_t happened = sw_bridge_advance(bridge, now_us);
            if (happened < 0) {
                return;
            }
            for (uint32_t event = SW_EVENT_POWER_ON; event < SW_EVENT_DEADLINE; event++) {
                if (((uint32_t)happened >> event & 1u) != 0u) {
                    deadline_us = sw_firmware_step(firmware, now_us, event);
                }
            }
        }
        if (sw_cmsdk_waiting() != 0u) {
            deadline_us = sw_firmware_step(firmware, now_us, SW_EVENT_UART_RX);
        }
        if (deadline_us <= now_us) {
            deadline_us = sw_firmware_step(firmware, now_us, SW_EVENT_DEADLINE);
        }
        if (deadline_us > now_us) {
            (void)sw_cmsdk_sleep(beats);
        }
    }
}

int main(void)
{
    static _Alignas(16) uint8_t firmware[SW_FIRMWARE_BYTES];
    static sw_bridge bridge;
    sw_hal hal;
    sw_fault_check_float();
    if (sw_bridge_files_open(&bridge) != 0) {
        return 3;
    }
    sw_bridge_hal(&bridge, &hal);
    hal.uart_write = sw_cmsdk_write;
    hal.uart_read = sw_cmsdk_read;
    if (sw_bridge_accept(&bridge, &hal, firmware, SW_FIRMWARE_BYTES) != 0) {
        return 1;
    }
    sw_cmsdk_init();
    serve(&bridge, firmware);
    return 0;
}
