/* Faults planted on purpose, for the tests that must see them reported. A plain build has none.
 */
#ifndef SW_DELIBERATE_H
#define SW_DELIBERATE_H

#include <stdint.h>

enum { SW_UNDEFINED = 1, SW_NO_MEMORY = 2, SW_DEEP_STACK = 3, SW_FLUSH_TO_ZERO = 4, SW_STRAY_INTERRUPT = 5 };
#ifndef SW_DELIBERATE
#define SW_DELIBERATE 0
#endif

static inline void sw_deliberate(void)
{
    if (SW_DELIBERATE == SW_UNDEFINED) {
        __asm volatile("udf #0");
    } else if (SW_DELIBERATE == SW_NO_MEMORY) {
        *(volatile uint32_t *)0xA5A5A5A4u = 1;
    } else if (SW_DELIBERATE == SW_DEEP_STACK) {
        __asm volatile("1: push {r0-r7} \n b 1b");
    } else if (SW_DELIBERATE == SW_FLUSH_TO_ZERO) {
        __asm volatile("vmsr fpscr, %0" : : "r"(1u << 24));
    } else if (SW_DELIBERATE == SW_STRAY_INTERRUPT) {
        *(volatile uint32_t *)0xE000E100u = 1u << 9; /* NVIC_ISER0, NVIC_ISPR0 */
        *(volatile uint32_t *)0xE000E200u = 1u << 9;
    }
}

#endif
