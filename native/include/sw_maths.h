/* Elementary functions without libm.
 *
 * Rule: only + - * /, comparisons and the bits of a float, in a written order: every target gets the same bits.
 * Errors are measured against double precision over the stated range (tests/unit/test_block_maths.py).
 */
#ifndef SW_MATHS_H
#define SW_MATHS_H

#include <stdint.h>

#define SW_PI 0x1.921fb6p+1f
#define SW_TWO_PI 0x1.921fb6p+2f

/* Correctly rounded in IEEE 754; one instruction on every target. */
static inline float sw_sqrtf(float x)
{
    return __builtin_sqrtf(x);
}

float sw_atan2f(float y, float x);  /* rad, -pi..pi, error < 4e-7; (0, 0) gives 0; -0 counts as +0 */
float sw_sinf(float x);             /* x is clamped to +-8192 rad, error < 2e-7 */
float sw_cosf(float x);             /* x is clamped to +-8192 rad, error < 2e-7 */
float sw_expf(float x);             /* relative error < 2e-7; x is clamped to -87..88 */
float sw_logisticf(float x);        /* 1 / (1 + exp(-x)), relative error < 4e-7 */
float sw_log2f(float x);            /* error < 2e-7 + 1e-7 |result|; below 2^-126: -126 */
float sw_log10f(float x);           /* error < 1e-7 + 2e-7 |result|; below 2^-126: -37.93 */

/* The same bits, n elements in one call. Outputs may not overlap anything. */
void sw_sincosf_each(const float *restrict x, float *restrict sine, float *restrict cosine, uint32_t n);
void sw_atan2f_each(const float *restrict y, const float *restrict x, float *restrict angle, uint32_t n);

#endif
