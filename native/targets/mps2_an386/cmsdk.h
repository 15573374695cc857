/* The peripherals of the MPS2 board that the interactive image uses: UART0, a timer as its clock, SysTick as heartbeat.
 *
 * Sources: Arm "Cortex-M System Design Kit" TRM, 4.1 (timer), 4.3 (UART); Application Note 386, 3 (addresses, 25 MHz).
 * Rule: a byte is taken from the receiver only when there is room for it.
 */
#ifndef SW_CMSDK_H
#define SW_CMSDK_H

#include <stdint.h>

void sw_cmsdk_init(void);
/* Time since sw_cmsdk_init, us; never backwards. Asked for at least every 2 minutes. */
uint64_t sw_cmsdk_time_us(void);
/* Milliseconds counted by SysTick: only to see that one is over. */
uint32_t sw_cmsdk_beats(void);
/* Received bytes that wait in the ring. */
uint32_t sw_cmsdk_waiting(void);
/* Returns 1 when the core has slept until an interrupt; 0: bytes wait, or a beat since `beats`. */
int32_t sw_cmsdk_sleep(uint32_t beats);

/* The serial line of a HAL; ctx is not used. */
int32_t sw_cmsdk_write(void *ctx, const uint8_t *bytes, uint32_t n);
int32_t sw_cmsdk_read(void *ctx, uint8_t *bytes, uint32_t capacity);

#endif
