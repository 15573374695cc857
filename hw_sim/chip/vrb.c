/* The virtual board: chip and sample source behind the few calls of vrb.h.
 *
 * Rule: no behaviour of the chip in here. Time stops at every frame start until the source has given its samples, so
 * cutting a run into pieces changes nothing.
 */
#include "vrb.h"

#include <stdlib.h>
#include <string.h>

#include "vrb_internal.h"

#define XFER_PART ((size_t)1 << 30) /* the chip counts in 32 bits */

static _Thread_local char why[VRB_WHY_BYTES]; /* vrb_why() has no board to keep it in */

uint32_t vrb_abi(void)
{
    return VRB_ABI;
}

const char *vrb_why(void)
{
    return why;
}

static vrb *refuse(vrb *b, const char *text)
{
    snprintf(why, sizeof why, "%s", text);
    if (b != NULL)
        free(b->chip);
    free(b);
    return NULL;
}

/* A frame starts inside a transfer. What has to be lent can wait: vrb_advance() will ask for it. */
static void supply_in_transfer(void *board)
{
    vrb *b = board;
    (void)source_supply(&b->source, b->chip);
}

vrb *vrb_open(const char *json)
{
    vrb_config config;
    char what[VRB_WHY_BYTES];
    vrb *b;
    if (vrb_config_read(&config, json != NULL ? json : "{}", what, sizeof what) != 0)
        return refuse(NULL, what);
    b = calloc(1, sizeof *b);
    if (b == NULL)
        return refuse(b, "no memory for a board");
    b->chip = calloc(1, chip_size());
    if (b->chip == NULL)
        return refuse(b, "no memory for a chip");
    if (source_open(&b->source, &config, what, sizeof what) != 0)
        return refuse(b, what);
    chip_init(b->chip, &config.chip);
    chip_ask(b->chip, supply_in_transfer, b);
    b->faults = config.faults;
    b->cs = 1;
    b->rst = 1;
    return b;
}

void vrb_close(vrb *b)
{
    if (b == NULL)
        return;
    serve_close(b);
    source_close(&b->source);
    free(b->chip);
    free(b);
}

void *vrb_chip(vrb *b)
{
    return b->chip;
}

static int wrong_level(int level)
{
    return level != 0 && level != 1;
}

int vrb_rst(vrb *b, int level)
{
    int status;
    if (b == NULL || wrong_level(level))
        return VRB_WRONG_USE;
    status = chip_reset_pin(b->chip, level);
    log_pin(b, TRACE_RST, &b->rst, level);
    return status;
}

int vrb_cs(vrb *b, int level)
{
    int status;
    if (b == NULL || wrong_level(level))
        return VRB_WRONG_USE;
    status = chip_cs(b->chip, level);
    log_pin(b, TRACE_CS, &b->cs, level);
    return status;
}

int plain_xfer(vrb *b, const uint8_t *tx, uint8_t *rx, uint32_t n)
{
    const int status = chip_xfer(b->chip, tx, rx, n);
    if (rx != NULL && (b->faults.miso_and != 0xFFu || b->faults.miso_or != 0u))
        for (uint32_t i = 0; i < n; i++)
            rx[i] = (uint8_t)((rx[i] & b->faults.miso_and) | b->faults.miso_or);
    return status;
}

int vrb_xfer(vrb *b, const uint8_t *tx, uint8_t *rx, size_t n)
{
    int status = VRB_OK;
    if (b == NULL)
        return VRB_WRONG_USE;
    for (size_t i = 0; i < n;) {
        const size_t part = n - i < XFER_PART ? n - i : XFER_PART;
        status = (b->log != NULL ? log_xfer : plain_xfer)(b, tx ? tx + i : NULL, rx ? rx + i : NULL, (uint32_t)part);
        i += part;
    }
    return status;
}

static int irq_level(const vrb *b)
{
    return b->faults.irq_stuck_low ? 0 : chip_irq(b->chip);
}

int vrb_irq(vrb *b)
{
    return b == NULL ? VRB_WRONG_USE : irq_level(b);
}

/* One step towards until_ns: to the chip's next event at most. 1: there is more to do; VRB_OK: until_ns is reached. */
static int step(vrb *b, uint64_t until_ns)
{
    const uint64_t now_ns = chip_time_ns(b->chip);
    const uint64_t event_ns = chip_next_event_ns(b->chip);
    const uint64_t stop_ns = event_ns < until_ns ? event_ns : until_ns;
    int status;
    chip_advance_ns(b->chip, stop_ns);
    if (!chip_needs_samples(b->chip)) {
        if (stop_ns <= now_ns) /* an event that is over and wants nothing must not hold up time */
            chip_advance_ns(b->chip, until_ns);
        log_irq(b, event_ns > now_ns && event_ns < until_ns ? event_ns : chip_time_ns(b->chip));
        return chip_time_ns(b->chip) < until_ns;
    }
    status = source_supply(&b->source, b->chip);
    if (status != VRB_OK)
        return status;
    chip_advance_ns(b->chip, stop_ns); /* begins the frame */
    return chip_needs_samples(b->chip) ? VRB_WRONG_USE : 1;
}

static uint64_t later(const vrb *b, uint64_t ns)
{
    const uint64_t now_ns = chip_time_ns(b->chip);
    return now_ns < VRB_END_NS && ns < VRB_END_NS - now_ns ? now_ns + ns : VRB_END_NS;
}

int vrb_advance(vrb *b, uint64_t ns)
{
    uint64_t until_ns;
    int status;
    if (b == NULL)
        return VRB_WRONG_USE;
    until_ns = later(b, ns);
    do
        status = step(b, until_ns);
    while (status == 1);
    return status;
}

int vrb_wait_irq(vrb *b, uint64_t max_ns)
{
    uint64_t until_ns;
    int status = 1;
    if (b == NULL)
        return VRB_WRONG_USE;
    until_ns = later(b, max_ns);
    while (status == 1 && !irq_level(b))
        status = step(b, until_ns);
    if (status == VRB_OK || status == 1)
        return irq_level(b);
    return status;
}

uint64_t vrb_time_ns(vrb *b)
{
    return b == NULL ? 0u : chip_time_ns(b->chip);
}

int vrb_lend(vrb *b, const uint16_t *samples, size_t n_samples)
{
    return b == NULL ? VRB_WRONG_USE : source_lend(&b->source, b->chip, samples, n_samples);
}

int vrb_serve(vrb *b, const char *address)
{
    if (b == NULL || address == NULL) {
        snprintf(why, sizeof why, "vrb_serve: expected a board and an address");
        return VRB_WRONG_USE;
    }
    return serve_run(b, address, why, sizeof why);
}
