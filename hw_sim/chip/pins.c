/* Output pins with a log.
 *
 * Rule: the log is in order of time.
 */
#include "pins.h"

#include <string.h>

void pins_init(pins *p)
{
    memset(p, 0, sizeof *p);
}

void pins_set(pins *p, uint64_t now_us, uint32_t pin, uint32_t value)
{
    if (p->value[pin] == value) {
        return;
    }
    p->value[pin] = value;
    if (p->n == PINS_LOG) {
        p->lost++;
        return;
    }
    p->log[p->n].t_us = now_us;
    p->log[p->n].pin = pin;
    p->log[p->n].value = value;
    p->n++;
}
