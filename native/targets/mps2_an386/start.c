/* Vector table and what must happen before any C: the FPU on, memory as C expects it.
 *
 * Rule: the reset handler is assembly, because the compiler may use FPU registers in any prologue.
 */
#include <stdint.h>

extern uint32_t sw_stack_top[];
void sw_reset(void);
void sw_fault(void);
void sw_start(void);
int main(void);
_Noreturn void sw_semihosting_exit(int32_t status);

__attribute__((naked)) void sw_reset(void)
{
    __asm volatile(
        "ldr r0, =0xE000ED88 \n" /* CPACR: full access to CP10 and CP11 (Armv7-M ARM, B3.2.20) */
        "ldr r1, [r0]        \n"
        "orr r1, r1, #0xF00000 \n"
        "str r1, [r0]        \n"
        "dsb                 \n"
        "isb                 \n"
        "b sw_start          \n");
}

extern uint32_t sw_data_load[], sw_data_start[], sw_data_end[], sw_bss_start[], sw_bss_end[];

void sw_start(void)
{
    const uint32_t *from = sw_data_load;
    for (volatile uint32_t *to = sw_data_start; to < sw_data_end; to++) {
        *to = *from++;
    }
    for (volatile uint32_t *to = sw_bss_start; to < sw_bss_end; to++) {
        *to = 0;
    }
    sw_semihosting_exit(main());
}

void sw_fault(void)
{
    sw_semihosting_exit(2);
}

typedef union vector {
    void *stack;
    void (*handler)(void);
} vector;

__attribute__((section(".vectors"), used)) const vector sw_vectors[16] = {
    {.stack = sw_stack_top}, {.handler = sw_reset}, {.handler = sw_fault}, {.handler = sw_fault},
    {.handler = sw_fault},   {.handler = sw_fault}, {.handler = sw_fault},
};
