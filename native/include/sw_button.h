/* The user's button: short and long presses.
 *
 * Rule: a long press is said while it is still held, a short one when it is let go; each once. What is shorter than a
 * contact bounces is nothing, and so is a button that was down when the power came.
 */
#ifndef SW_BUTTON_H
#define SW_BUTTON_H

#include <stdint.h>

#define SW_BUTTON_BOUNCE_US 20000u
#define SW_BUTTON_LONG_US 1500000u

typedef enum sw_press { SW_PRESS_NONE = 0, SW_PRESS_SHORT, SW_PRESS_LONG } sw_press;

typedef struct sw_button {
    int32_t down;      /* 1: pressed ... */
    uint64_t since_us; /* ... since */
    uint64_t long_us;  /* a long press then; UINT64_MAX none under way */
} sw_button;

/* level: when the power came. */
void sw_button_init(sw_button *b, uint64_t now_us, int32_t level);
/* The level may have changed (1: pressed), or long_us has come. */
sw_press sw_button_step(sw_button *b, uint64_t now_us, int32_t level);
/* The press under way counts for nothing: it meant something else. */
void sw_button_void(sw_button *b);

#endif
