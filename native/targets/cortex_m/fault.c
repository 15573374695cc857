/* The fault handler: reads the fault registers, says them by semihosting, ends the run.
 *
 * Registers: Armv7-M Architecture Reference Manual, B3.2 (CFSR, HFSR, MMFAR, BFAR), B1.5.6 (frame of an exception),
 * B3.5 (MPU); Armv8-M: MSPLIM.
 */
#include "fault.h"

#include "semihosting.h"

#define SHCSR (*(volatile uint32_t *)0xE000ED24u)
#define CFSR (*(volatile uint32_t *)0xE000ED28u)
#define HFSR (*(volatile uint32_t *)0xE000ED2Cu)
#define MMFAR (*(volatile uint32_t *)0xE000ED34u)
#define BFAR (*(volatile uint32_t *)0xE000ED38u)
#define MPU_CTRL (*(volatile uint32_t *)0xE000ED94u)
#define MPU_RBAR (*(volatile uint32_t *)0xE000ED9Cu)
#define MPU_RASR (*(volatile uint32_t *)0xE000EDA0u)
#define GUARD_BYTES 4096u             /* more than any function's frame */
#define GUARD_RASR (1u << 28 | 11u << 1 | 1u) /* never execute, no access, 2^12 bytes, on */
#define MPU_ON_OVER_DEFAULT_MAP 5u
#define SHCSR_OWN_HANDLERS (7u << 16) /* USGFAULTENA, BUSFAULTENA, MEMFAULTENA */
#define CFSR_NOT_STACKED (1u << 20 | 1u << 12 | 1u << 4) /* STKOF of Armv8-M, STKERR, MSTKERR */
#define FPSCR_BITS 0x07C00000u        /* AHP, DN, FZ, RMode */
#define FRAME_LR 5u
#define FRAME_PC 6u
#define FRAME_WORDS 8u
#define EXCEPTIONS 16u

extern uint32_t sw_stack_start[], sw_stack_top[];
_Noreturn void sw_fault_report(const uint32_t *frame, uint32_t exception);

void sw_fault_enable(void)
{
    SHCSR |= SHCSR_OWN_HANDLERS;
#if __ARM_ARCH >= 8
    __asm volatile("msr msplim, %0" : : "r"(sw_stack_start));
#else
    MPU_RBAR = ((uint32_t)(uintptr_t)sw_stack_start - GUARD_BYTES) | 1u << 4; /* region 0 */
    MPU_RASR = GUARD_RASR;
    MPU_CTRL = MPU_ON_OVER_DEFAULT_MAP;
    __asm volatile("dsb \n isb");
#endif
}

/* The stack may be what failed: the handler takes it anew, and only looks at the old one. */
__attribute__((naked)) void sw_fault(void)
{
    __asm volatile(
        "mrs r0, msp          \n"
        "mrs r1, ipsr         \n"
        "ldr r2, =sw_stack_top \n"
        "msr msp, r2          \n"
        "b sw_fault_report    \n");
}

static char *put(char *to, const char *text)
{
    while (*text != '\0') {
        *to++ = *text++;
    }
    return to;
}

static char *put_hex(char *to, const char *name, uint32_t value)
{
    to = put(put(to, name), " 0x");
    for (uint32_t shift = 32; shift != 0u; shift -= 4u) {
        *to++ = "0123456789abcdef"[value >> (shift - 4u) & 15u];
    }
    return to;
}

static const char *name_of(uint32_t exception)
{
    static const char *const names[EXCEPTIONS] = {
        [2] = "NMI", [3] = "hard fault", [4] = "memory fault", [5] = "bus fault", [6] = "usage fault",
        [7] = "secure fault", [11] = "SVCall", [12] = "debug monitor", [14] = "PendSV", [15] = "SysTick",
    };
    return exception >= EXCEPTIONS ? "unexpected interrupt" : names[exception] != 0 ? names[exception] : "exception";
}

_Noreturn void sw_fault_report(const uint32_t *frame, uint32_t exception)
{
    char line[256];
    const int32_t there = (CFSR & CFSR_NOT_STACKED) == 0u && frame >= sw_stack_start && frame + FRAME_WORDS <= sw_stack_top;
    char *to = put(put(line, "stillwave fault: "), name_of(exception));
    to = put_hex(to, ", exception", exception);
    if (there) {
        to = put_hex(put_hex(to, ", pc", frame[FRAME_PC]), ", lr", frame[FRAME_LR]);
    } else {
        to = put_hex(to, ", stack overflow, sp", (uint32_t)(uintptr_t)frame);
    }
    to = put_hex(put_hex(to, ", cfsr", CFSR), ", hfsr", HFSR);
    to = put_hex(put_hex(to, ", mmfar", MMFAR), ", bfar", BFAR);
    *put(to, "\n") = '\0';
    sw_semihosting_say(line);
    sw_semihosting_exit(SW_EXIT_FAULT);
}

void sw_fault_check_float(void)
{
    uint32_t fpscr;
    char line[96];
    __asm volatile("vmrs %0, fpscr" : "=r"(fpscr));
    if ((fpscr & FPSCR_BITS) == 0u) {
        return;
    }
    *put(put_hex(put(line, "stillwave fault: floating point is not as after reset"), ", fpscr", fpscr), "\n") = '\0';
    sw_semihosting_say(line);
    sw_semihosting_exit(SW_EXIT_FLOAT);
}

void sw_fault_say_stack(void)
{
    char line[64];
    const uint32_t *deepest = sw_stack_start;
    while (deepest < sw_stack_top && *deepest == SW_STACK_PAINT) {
        deepest++;
    }
    const uint32_t used = (uint32_t)(sw_stack_top - deepest) * 4u;
    *put(put_hex(line, "stillwave stack, bytes:", used), "\n") = '\0';
    sw_semihosting_say(line);
}
