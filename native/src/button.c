/* Presses out of levels and times.
 *
 * Rule: see the header.
 */
#include "sw_button.h"

#define NEVER UINT64_MAX

void sw_button_init(sw_button *b, uint64_t now_us, int32_t level)
{
    *b = (sw_button){.down = level != 0, .since_us = now_us, .long_us = NEVER};
}

void sw_button_void(sw_button *b) { b->long_us = NEVER; }

sw_press sw_button_step(sw_button *b, uint64_t now_us, int32_t level)
{
    const int32_t was_down = b->down;
    const int32_t counts = b->long_us != NEVER; /* not yet said */
    b->down = level != 0;
    if (b->down && !was_down) {
        b->since_us = now_us;
        b->long_us = now_us + SW_BUTTON_LONG_US;
        return SW_PRESS_NONE;
    }
    if (!was_down || !counts || (b->down && now_us < b->long_us)) {
        return SW_PRESS_NONE;
    }
    const int32_t is_long = now_us >= b->long_us;
    b->long_us = NEVER;
    if (is_long) {
        return SW_PRESS_LONG;
    }
    return now_us - b->since_us >= SW_BUTTON_BOUNCE_US ? SW_PRESS_SHORT : SW_PRESS_NONE;
}
