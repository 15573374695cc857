/* SW_HANDLES(REASON): 1 where the device handles this fault. Whoever notices or mends one writes
 *     if (SW_HANDLES(MISO_LOW) && ...) { ... }
 *
 * Rule: a constant in every build but the test target `without`, where one reason, chosen at run time, is switched off:
 * so a test can be seen to fail without the handler it tests. Nothing else may be decided by it.
 */
#ifndef SW_HANDLES_H
#define SW_HANDLES_H

#include <stdint.h>
#include "sw_words.h"

#ifdef SW_WITHOUT_HANDLER
extern uint32_t sw_without; /* SW_REASON_* switched off, 0 none; defined and set by the program */
#define SW_HANDLES(REASON) (sw_without != (uint32_t)SW_REASON_##REASON)
#else
#define SW_HANDLES(REASON) 1
#endif

#endif
