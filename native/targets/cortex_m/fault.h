/* What happens when something happens that must not: one line that says what, and an exit code.
 *
 * Rule: the handler trusts nothing, not even the stack.
 */
#ifndef SW_FAULT_H
#define SW_FAULT_H

#include <stdint.h>

#define SW_STACK_PAINT 0xC5C5C5C5u
#define SW_EXIT_FAULT 70    /* exit codes of the images, beside those of main */
#define SW_EXIT_FLOAT 71    /* FPSCR is not as it comes out of reset */

void sw_fault(void);        /* the handler of every vector that no program uses */
/* Memory, bus and usage faults under their own names; below the stack lies what nobody may touch. */
void sw_fault_enable(void);
/* Ends the run when FPSCR flushes to zero, makes default NaNs or rounds otherwise than to nearest: floats would differ. */
void sw_fault_check_float(void);

/* Says how deep the stack went: what is no longer painted. */
void sw_fault_say_stack(void);

#endif
