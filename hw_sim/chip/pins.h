/* What the user presses, hears and sees: button, buzzer, wake-up light, with a log of every change.
 *
 * Rule: a pin that is set to the level it has makes no entry.
 * Not modelled: contact bounce, the sound, PWM frequency and the lamp behind it.
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

enum pins_sizes { PINS_LOG = 8192 }; /* changes between two drains */

typedef struct pin_edge {
    uint64_t t_us;
    uint32_t pin;   /* enum pin_name */
    uint32_t value; /* level, or duty 0..65535 */
} pin_edge;

typedef struct pins {
    int32_t button; /* 1: pressed */
    uint32_t value[PINS_OUT];
    uint32_t n;
    uint32_t lost; /* changes for which the log had no room */
    pin_edge log[PINS_LOG];
} pins;

void pins_init(pins *p);
void pins_set(pins *p, uint64_t now_us, uint32_t pin, uint32_t value);

#endif
