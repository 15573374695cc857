/* The whole device as one event machine.
 *
 * Rule: one call, one event, no waiting. Details of an event are pulled through the HAL.
 * Events at equal times are handled in the order of their numbers.
 */
#ifndef SW_FIRMWARE_H
#define SW_FIRMWARE_H

#include <stdint.h>
#include "sw_hal.h"
#include "sw_config.h"
#include "sw_chain.h"

#define SW_EVENT_POWER_ON 0u
#define SW_EVENT_RADAR_IRQ 1u   /* the interrupt line is high */
#define SW_EVENT_UART_RX 2u     /* bytes wait in uart_read */
#define SW_EVENT_SWITCH 3u      /* the standby switch changed */
#define SW_EVENT_BUTTON 4u      /* the button was pressed or released */
#define SW_EVENT_DEADLINE 5u    /* the deadline returned by the last step has come */

#define SW_NEVER UINT64_MAX

typedef struct sw_firmware sw_firmware; /* owned by the caller: sw_firmware_size() bytes, 16-byte aligned */

uint32_t sw_firmware_size(void);
/* chain NULL: the C chain. config NULL: the default radar config. Returns 0 or a negative sw_error. */
int32_t sw_firmware_init(sw_firmware *fw, const sw_hal *hal, const sw_radar_config *config,
                         const sw_chain_ops *chain);
/* Returns the next deadline in us (SW_NEVER: none). fw is void * so that a board can hold it by address. */
uint64_t sw_firmware_step(void *fw, uint64_t now_us, uint32_t event);
void sw_config_default(sw_radar_config *config);

#endif
