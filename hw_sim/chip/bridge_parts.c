/* The HAL calls of the small parts: pins, I2C, flash, watchdog.
 *
 * Rule: what is impossible fails the board; what a part refuses is an answer like any other.
 */
#include "bridge_internal.h"

/* One I2C transaction; the bytes read travel only when somebody acknowledged. */
static int32_t serve_i2c(bridge *g, const record *r)
{
    const uint32_t n = r->arg >> 8;
    if (n > BRIDGE_PAYLOAD_BYTES) {
        board_fail(g->board, "the target process asked for an impossible transfer");
        return -1;
    }
    const int32_t rc = board_i2c_transfer(g->board, (uint8_t)r->arg, g->payload, r->n, g->out + BRIDGE_HEADER_BYTES, n);
    return bridge_send(g, BRIDGE_REPLY, (uint32_t)rc, rc < 0 ? 0u : n);
}

static int32_t serve_flash_read(bridge *g, const record *r)
{
    const uint32_t n = r->n == 4u ? get32(g->payload) : 0u;
    if (n > BRIDGE_PAYLOAD_BYTES) {
        board_fail(g->board, "the target process asked for an impossible transfer");
        return -1;
    }
    const int32_t rc = board_flash_read(g->board, r->arg, g->out + BRIDGE_HEADER_BYTES, n);
    return bridge_send(g, BRIDGE_REPLY, (uint32_t)rc, rc < 0 ? 0u : n);
}

/* Three duties, or one for all. */
static int32_t serve_light(bridge *g, const record *r)
{
    uint32_t duty[3] = {r->arg, r->arg, r->arg};
    for (uint32_t i = 0; i < 3u && r->n == sizeof duty; i++) {
        duty[i] = get32(g->payload + 4u * i);
    }
    return board_light(g->board, duty[0], duty[1], duty[2]);
}

/* The small parts: pins, clock, flash, watchdog. */
int32_t bridge_serve_part(bridge *g, const record *r)
{
    board *b = g->board;
    int32_t rc;
    switch (r->op) {
    case BRIDGE_BUTTON:
        rc = board_button(b);
        break;
    case BRIDGE_BUZZER:
        rc = board_buzzer(b, (int32_t)r->arg);
        break;
    case BRIDGE_LIGHT:
        rc = serve_light(g, r);
        break;
    case BRIDGE_I2C:
        return serve_i2c(g, r);
    case BRIDGE_FLASH_READ:
        return serve_flash_read(g, r);
    case BRIDGE_FLASH_PROGRAM:
        rc = board_flash_program(b, r->arg, g->payload, r->n);
        break;
    case BRIDGE_FLASH_ERASE:
        rc = board_flash_erase(b, r->arg);
        break;
    case BRIDGE_FLASH_BUSY:
        rc = board_flash_busy(b);
        break;
    case BRIDGE_WATCHDOG_START:
        rc = board_watchdog_start(b, r->arg);
        break;
    case BRIDGE_WATCHDOG_FEED:
        rc = board_watchdog_feed(b);
        break;
    case BRIDGE_RESET_CAUSE:
        rc = board_reset_cause(b);
        break;
    default:
        board_fail(b, "the target process sent an unknown record (stdout is the bridge's: print to stderr)");
        return -1;
    }
    return bridge_send(g, BRIDGE_REPLY, (uint32_t)rc, 0);
}
