/* A device in another process, in lock-step: one step of the board is one conversation over two file descriptors.
 *
 * Rule: the target runs only while it owes an answer, so its speed and the load of the machine change nothing.
 *
 * A record is three little-endian words op, arg, n and n bytes. The rig sends START (radar config words, or none for the
 * default), STEP (arg event; 8 bytes time in us) and STOP; a second START is a power cycle. The target asks for what its
 * HAL needs and ends with DONE (arg status; 8 bytes deadline in us). CS is posted: it has no answer. Everything else is
 * answered by one REPLY (arg result; bytes read). A target with a clock of its own gets no STEP: after START it says
 * ADVANCE whenever it likes, and the board follows its time. A target that is dead, silent or never ends its step fails
 * the board with a reason.
 */
#ifndef BRIDGE_H
#define BRIDGE_H

#include <stdint.h>

#include "board.h"

enum bridge_op {
    BRIDGE_START = 1,
    BRIDGE_STEP = 2,
    BRIDGE_REPLY = 3,
    BRIDGE_STOP = 4,
    BRIDGE_DONE = 16,
    BRIDGE_CS = 17,         /* arg level */
    BRIDGE_XFER = 18,       /* arg length, top bit: the received bytes are wanted; bytes to send, or none */
    BRIDGE_RESET = 19,      /* arg level */
    BRIDGE_IRQ = 20,
    BRIDGE_SWITCH = 21,
    BRIDGE_UART_WRITE = 22, /* bytes */
    BRIDGE_UART_READ = 23,  /* arg capacity */
    BRIDGE_ENTROPY = 24,    /* arg count */
    BRIDGE_BUTTON = 25,
    BRIDGE_BUZZER = 26,        /* arg level */
    BRIDGE_LIGHT = 27,         /* 12 bytes: duties of red, green and blue; or none: arg duty of all three */
    BRIDGE_I2C = 28,           /* arg address + 256 * number of bytes wanted; bytes to send */
    BRIDGE_FLASH_READ = 29,    /* arg address; 4 bytes count */
    BRIDGE_FLASH_PROGRAM = 30, /* arg address; bytes */
    BRIDGE_FLASH_ERASE = 31,   /* arg address */
    BRIDGE_FLASH_BUSY = 32,
    BRIDGE_ADVANCE = 33, /* 8 bytes the device's time in us; the answer's bits are events (1 << board_event) since the last */
    BRIDGE_WATCHDOG_START = 34, /* arg timeout in ms */
    BRIDGE_WATCHDOG_FEED = 35,
    BRIDGE_RESET_CAUSE = 36
};

enum bridge_sizes {
    BRIDGE_HEADER_BYTES = 12,
    BRIDGE_PAYLOAD_BYTES = 16384, /* longer transfers are cut by the target */
    BRIDGE_CONFIG_WORDS = 16,
    BRIDGE_TIMEOUT_MS = 60000 /* wall time that a step may take; longer counts as dead */
};

/* Called about once a second while the target is waited for, and on a signal. Nonzero: it is given up. */
typedef int32_t (*bridge_waiting)(void *ctx);

typedef struct bridge {
    board *board;
    int32_t fd_to;
    int32_t fd_from;
    int32_t timeout_ms; /* negative: none */
    int64_t since_ms;   /* wall time at which the step began */
    uint64_t since_record; /* records received until then */
    bridge_waiting waiting; /* may be NULL */
    void *waiting_ctx;
    uint32_t at;   /* unread part of in: at..have */
    uint32_t have;
    uint64_t records; /* received so far */
    uint32_t happened; /* 1 << event, for the next answer to ADVANCE */
    uint8_t in[BRIDGE_HEADER_BYTES + BRIDGE_PAYLOAD_BYTES];
    uint8_t payload[BRIDGE_PAYLOAD_BYTES];
    uint8_t out[BRIDGE_HEADER_BYTES + BRIDGE_PAYLOAD_BYTES];
} bridge;

/* Both descriptors stay the caller's; SIGPIPE must be ignored in this process. */
void bridge_init(bridge *g, board *b, int32_t fd_to, int32_t fd_from);
/* Starts the device with these radar config words (n_words 0: its default). Returns its status. */
int32_t bridge_start(bridge *g, const uint32_t *words, uint32_t n_words);
/* A board_step_fn; ctx is the bridge. */
uint64_t bridge_step(void *ctx, uint64_t now_us, uint32_t event);
void bridge_stop(bridge *g);

/* For a target with a clock of its own. Serves until its next ADVANCE: 1 and its time; -1: the board has failed. */
int32_t bridge_await(bridge *g, uint64_t *now_us);
/* A board_step_fn that only takes note of the event. */
uint64_t bridge_note(void *ctx, uint64_t now_us, uint32_t event);
/* Answers ADVANCE with what was noted. */
int32_t bridge_tell(bridge *g);

#endif
