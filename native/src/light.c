/* Sunrise.
 *
 * Rule: see the header.
 */
#include "sw_light.h"

#define SECOND_US 1000000u
#define NEVER UINT64_MAX

/* Weights of luminance, 1/65536. */
#define RED_WEIGHT 13933u
#define GREEN_WEIGHT 46871u
#define BLUE_WEIGHT 4732u
#define ONE 65536u
/* Per red, 1/65536: green of deep red, what it gains until the end, blue at the end. */
#define GREEN_FIRST 3932u
#define GREEN_GAINED 32113u
#define BLUE_LAST 16384u

static uint64_t weight(uint64_t green, uint64_t blue)
{
    return (uint64_t)RED_WEIGHT * ONE + GREEN_WEIGHT * green + BLUE_WEIGHT * blue;
}

sw_light_colour sw_light_mix(uint32_t gone)
{
    const uint64_t p = gone < SW_LIGHT_FULL ? gone : SW_LIGHT_FULL;
    const uint64_t green = GREEN_FIRST + GREEN_GAINED * p / SW_LIGHT_FULL;
    const uint64_t blue = BLUE_LAST * p * p / ((uint64_t)SW_LIGHT_FULL * SW_LIGHT_FULL);
    /* red: the luminance that is wanted over that of this colour's red; full at the end */
    const uint64_t more = weight(GREEN_FIRST + GREEN_GAINED, BLUE_LAST) * ONE / weight(green, blue);
    const uint64_t red = p * p * p / 256u * more / ((uint64_t)SW_LIGHT_FULL * SW_LIGHT_FULL) * 256u / ONE;
    return (sw_light_colour){
        .red = (uint32_t)red, .green = (uint32_t)(red * green / ONE), .blue = (uint32_t)(red * blue / ONE),
    };
}

sw_light_colour sw_light_at(uint64_t now_us, uint64_t end_us, uint32_t sunrise_s)
{
    const uint64_t length_us = (uint64_t)sunrise_s * SECOND_US;
    if (sunrise_s == 0u || (now_us < end_us && end_us - now_us > length_us)) {
        return (sw_light_colour){0, 0, 0};
    }
    const uint64_t left_us = now_us < end_us ? end_us - now_us : 0u;
    return sw_light_mix((uint32_t)(SW_LIGHT_FULL - left_us * SW_LIGHT_FULL / length_us));
}

uint64_t sw_light_next(uint64_t now_us, uint64_t end_us, uint32_t sunrise_s)
{
    const uint64_t length_us = (uint64_t)sunrise_s * SECOND_US;
    if (sunrise_s == 0u || now_us >= end_us || end_us == NEVER) {
        return NEVER;
    }
    const uint64_t left_us = end_us - now_us;
    if (left_us > length_us) {
        return end_us - length_us;
    }
    return left_us < SW_LIGHT_STEP_US ? end_us : now_us + SW_LIGHT_STEP_US;
}
