/* What the user presses, hears and sees: button, buzzer, wake-up light, with a log of every change.
 *
 * Rule: a pin that is set to the level it has makes no entry.
 * Contacts bounce when they are told to: after a change the level flips an even number of times, 2 to 8, at seeded
 * instants within the bounce time. Not modelled: the sound, PWM frequency and the lamp behind it.
 */
#ifndef PINS_H
#define PINS_H

#include <stdint.h>

enum pin_name {
    PIN_BUZZER = 0,
    PIN_LIGHT = 1, /* the brightest of the three colours; follows them */
    PIN_RED = 2,
    PIN_GREEN = 3,
    PIN_BLUE = 4,
    PINS_OUT = 5
};

/* What a finger closes. */
typedef struct contact {
    int32_t level;    /* as a pin sees it */
    uint32_t left;    /* flips to come ... */
    uint64_t next_us; /* ... the first of them; UINT64_MAX: at rest */
    uint64_t ends_us; /* of the bounce under way */
    uint64_t flips;   /* so far: the counter of chance */
} contact;

enum pins_sizes { PINS_LOG = 8192 }; /* changes between two drains */

typedef struct pin_edge {
    uint64_t t_us;
    uint32_t pin;   /* enum pin_name */
    uint32_t value; /* level, or duty 0..65535 */
} pin_edge;

typedef struct pins {
    contact button; /* 1: pressed */
    contact slide;  /* standby switch, 1: standby */
    int32_t button_stuck; /* fault: it is pressed whatever the finger does */
    uint32_t value[PINS_OUT];
    uint32_t n;
    uint32_t lost; /* changes for which the log had no room */
    pin_edge log[PINS_LOG];
} pins;

void pins_init(pins *p);
/* The finger moves; bounce_us 0: no bounce. Returns 1 when the level changed. */
int32_t contact_move(contact *c, uint64_t now_us, int32_t level, uint32_t bounce_us, uint64_t seed);
/* Time has come to now_us. Returns 1 when the level changed. */
int32_t contact_at(contact *c, uint64_t now_us, uint64_t seed);
void pins_set(pins *p, uint64_t now_us, uint32_t pin, uint32_t value);

#endif
