/* Ring of bytes between the packets and a line that may be slow.
 *
 * Rule: see the header; nothing here waits.
 */
#include "sw_outbox.h"

void sw_outbox_init(sw_outbox *box)
{
    box->head = 0;
    box->n = 0;
    box->dropped_packets = 0;
    box->bytes_sent = 0;
}

uint32_t sw_outbox_put(sw_outbox *box, const sw_packet_header *header, const uint8_t *payload, uint32_t n, const uint8_t *key)
{
    uint8_t line[SW_LINE_MAX];
    uint32_t line_n = sw_packet_seal(header, payload, n, key, line);
    if (line_n == 0u || line_n > SW_OUTBOX_BYTES - box->n) {
        box->dropped_packets++;
        return 0;
    }
    for (uint32_t i = 0; i < line_n; i++) {
        box->bytes[(box->head + box->n + i) % SW_OUTBOX_BYTES] = line[i];
    }
    box->n += line_n;
    return line_n;
}

uint32_t sw_outbox_flush(sw_outbox *box, const sw_hal *hal)
{
    while (box->n != 0u) {
        uint32_t to_end = SW_OUTBOX_BYTES - box->head;
        uint32_t offered = box->n < to_end ? box->n : to_end;
        int32_t taken = hal->uart_write(hal->uart, box->bytes + box->head, offered);
        if (taken <= 0 || (uint32_t)taken > offered) {
            break;
        }
        box->head = (box->head + (uint32_t)taken) % SW_OUTBOX_BYTES;
        box->n -= (uint32_t)taken;
        box->bytes_sent += (uint32_t)taken;
        if ((uint32_t)taken < offered) {
            break;
        }
    }
    return box->n;
}
