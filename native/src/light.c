/* Sunrise.
 *
 * Rule: see the header.
 */
#include "sw_light.h"

#define SECOND_US 1000000u
#define NEVER UINT64_MAX

uint32_t sw_light_duty(uint64_t now_us, uint64_t end_us, uint32_t sunrise_s)
{
    const uint64_t length_us = (uint64_t)sunrise_s * SECOND_US;
    if (sunrise_s == 0u || (now_us < end_us && end_us - now_us > length_us)) {
        return 0;
    }
    if (now_us >= end_us) {
        return SW_LIGHT_FULL;
    }
    const uint64_t gone = SW_LIGHT_FULL - (end_us - now_us) * SW_LIGHT_FULL / length_us; /* 0..full */
    return (uint32_t)(gone * gone / SW_LIGHT_FULL * gone / SW_LIGHT_FULL);
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
