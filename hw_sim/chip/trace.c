/* The log of the wires: records one behind the other in one buffer. */
#include "trace.h"

#include <string.h>

#define RECORD_BYTES ((uint32_t)sizeof(trace_record))
#define KEPT_MAX (TRACE_BYTES / 8u) /* of one record, so that some always fit */

void trace_init(trace *log, uint32_t spi_limit)
{
    memset(log, 0, sizeof *log);
    log->spi_limit = spi_limit;
}

/* Room for a record and its bytes; NULL: none. The times are set here: they never fall. */
static uint8_t *append(trace *log, trace_record *record, uint32_t n_bytes)
{
    const uint32_t padded = (n_bytes + 7u) & ~7u;
    uint8_t *at = log->bytes + log->n;
    if (TRACE_BYTES - log->n < RECORD_BYTES + padded) {
        log->lost++;
        return NULL;
    }
    record->t_ns = record->t_ns > log->last_ns ? record->t_ns : log->last_ns;
    record->until_ns = record->until_ns > record->t_ns ? record->until_ns : record->t_ns;
    log->last_ns = record->until_ns;
    memcpy(at, record, RECORD_BYTES);
    memset(at + RECORD_BYTES, 0, padded);
    log->n += RECORD_BYTES + padded;
    return at + RECORD_BYTES;
}

void trace_level(trace *log, uint64_t t_ns, uint32_t kind, uint32_t value)
{
    trace_record record = {t_ns, t_ns, kind, value, 0, 0};
    if (kind == TRACE_CS)
        log->spi_kept = 0;
    (void)append(log, &record, 0);
}

void trace_spi(trace *log, uint64_t t_ns, uint64_t until_ns, const uint8_t *tx, const uint8_t *rx, uint32_t n)
{
    const uint32_t left = log->spi_limit - log->spi_kept;
    const uint32_t most = left < KEPT_MAX ? left : KEPT_MAX;
    const uint32_t kept = n < most ? n : most;
    trace_record record = {t_ns, until_ns, TRACE_SPI, n, kept, 0};
    uint8_t *data = append(log, &record, 2u * kept);
    if (data == NULL)
        return;
    log->spi_kept += kept;
    if (tx != NULL)
        memcpy(data, tx, kept);
    else
        memset(data, 0xFF, kept);
    memcpy(data + kept, rx, kept);
}

void trace_serial(trace *log, uint64_t t_ns, uint32_t kind, const uint8_t *bytes, uint32_t n)
{
    const uint32_t kept = n < KEPT_MAX ? n : KEPT_MAX;
    trace_record record = {t_ns, t_ns, kind, n, kept, 0};
    uint8_t *data = append(log, &record, kept);
    if (data != NULL)
        memcpy(data, bytes, kept);
}

int32_t trace_wants_drain(const trace *log)
{
    return log->n > TRACE_BYTES / 2u;
}

void trace_drained(trace *log)
{
    log->n = 0;
}
