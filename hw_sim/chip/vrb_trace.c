/* The log of the virtual board's wires.
 *
 * Rule: a log is asked for from outside and belongs to whoever asked; without one each call costs one branch.
 */
#include "vrb_internal.h"

#define DROPPED_BYTES 256u

void vrb_trace(vrb *b, trace *log)
{
    b->log = log;
    if (log == NULL)
        return;
    b->logged_irq = vrb_irq(b);
    trace_level(log, vrb_time_ns(b), TRACE_CS, (uint32_t)b->cs);
    trace_level(log, vrb_time_ns(b), TRACE_RST, (uint32_t)b->rst);
    trace_level(log, vrb_time_ns(b), TRACE_IRQ, (uint32_t)b->logged_irq);
}

void log_pin(vrb *b, uint32_t kind, int *pin, int level)
{
    if (b->log != NULL && *pin != level)
        trace_level(b->log, vrb_time_ns(b), kind, (uint32_t)level);
    *pin = level;
    log_irq(b, vrb_time_ns(b));
}

void log_irq(vrb *b, uint64_t t_ns)
{
    if (b->log == NULL || vrb_irq(b) == b->logged_irq)
        return;
    b->logged_irq = !b->logged_irq;
    trace_level(b->log, t_ns, TRACE_IRQ, (uint32_t)b->logged_irq);
}

/* In pieces, which makes no difference to the chip: what the driver drops is received all the same. */
int log_xfer(vrb *b, const uint8_t *tx, uint8_t *rx, uint32_t n)
{
    uint8_t dropped[DROPPED_BYTES];
    int status = VRB_OK;
    for (uint32_t i = 0; i < n;) {
        const uint64_t began_ns = vrb_time_ns(b);
        const uint32_t part = rx == NULL && n - i > DROPPED_BYTES ? DROPPED_BYTES : n - i;
        const uint8_t *from = tx != NULL ? tx + i : NULL;
        uint8_t *to = rx != NULL ? rx + i : dropped;
        status = plain_xfer(b, from, to, part);
        trace_spi(b->log, began_ns, vrb_time_ns(b), from, to, part);
        i += part;
    }
    return status;
}
