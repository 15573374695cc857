/* Vector table and what must happen before any C: the FPU on, memory as C expects it.
 *
 * Rule: the reset handler is assembly, because the compiler may use FPU registers in any prologue.
 */
#include <stdint.h>

#include "fault.h"
#include "semihosting.h"

#define EXTERNAL 64u /* interrupts of the boards that may be used; whatever else comes is a fault of ours */

extern uint32_t sw_stack_start[], sw_stack_top[];
extern uint32_t sw_data_load[], sw_data_start[], sw_data_end[], sw_bss_start[], sw_bss_end[];
void sw_reset(void);
void sw_start(void);
int main(void);

__attribute__((naked)) void sw_reset(void)
{
    __asm volatile(
        "ldr r0, =0xE000ED88   \n" /* CPACR: full access to CP10 and CP11 (Armv7-M ARM, B3.2.20) */
        "ldr r1, [r0]          \n"
        "orr r1, r1, #0xF00000 \n"
        "str r1, [r0]          \n"
        "dsb                   \n"
        "isb                   \n"
        "b sw_start            \n");
}

/* The stack is painted, so that whoever looks sees how deep it went. */
void sw_start(void)
{
    uint32_t *here;
    __asm volatile("mov %0, sp" : "=r"(here));
    for (volatile uint32_t *to = sw_stack_start; to < here; to++) {
        *to = SW_STACK_PAINT;
    }
    const uint32_t *from = sw_data_load;
    for (volatile uint32_t *to = sw_data_start; to < sw_data_end; to++) {
        *to = *from++;
    }
    for (volatile uint32_t *to = sw_bss_start; to < sw_bss_end; to++) {
        *to = 0;
    }
    sw_fault_enable();
    sw_semihosting_exit(main());
}

/* Programs that use an interrupt define its handler; here the others end. */
#define UNUSED(handler) \
    __attribute__((weak, naked)) void handler(void) { __asm volatile("b sw_fault"); }

void sw_systick(void);
void sw_uart0_rx(void);
void sw_uart0_tx(void);
UNUSED(sw_systick)
UNUSED(sw_uart0_rx)
UNUSED(sw_uart0_tx)

typedef union vector {
    void *stack;
    void (*handler)(void);
} vector;

#define FAULT {.handler = sw_fault}
#define FAULTS_6 FAULT, FAULT, FAULT, FAULT, FAULT, FAULT
#define FAULTS_62 FAULTS_6, FAULTS_6, FAULTS_6, FAULTS_6, FAULTS_6, FAULTS_6, FAULTS_6, FAULTS_6, FAULTS_6, FAULTS_6, \
    FAULT, FAULT

/* 1 reset; 2 NMI, 3 hard fault, 4 memory management, 5 bus, 6 usage, 7 secure fault, 11 SVCall, 12 debug monitor,
 * 14 PendSV; 15 SysTick; from 16 on the board's interrupts: 0 and 1 are the receiver and transmitter of UART0. */
__attribute__((section(".vectors"), used)) const vector sw_vectors[16 + EXTERNAL] = {
    {.stack = sw_stack_top}, {.handler = sw_reset},
    FAULTS_6, FAULTS_6, FAULT, {.handler = sw_systick},
    {.handler = sw_uart0_rx}, {.handler = sw_uart0_tx}, FAULTS_62,
};
