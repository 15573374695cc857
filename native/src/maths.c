/* Elementary functions: argument reduction and one polynomial each.
 *
 * Polynomials: least maximum error on the reduced interval (Lawson's reweighted least squares on 4001 Chebyshev
 * nodes in double), then rounded to float32. Intervals: atan 0..1, sin and cos |r| <= pi/4, exp |r| <= ln 2 / 2,
 * log mantissa sqrt(1/2)..sqrt(2).
 * Rule: no libm, no fused multiply-add; edge/blocks/maths.py follows the same steps.
 */
#include "sw_maths.h"
#include "sw_lanes.h"

typedef union float_bits {
    float value;
    uint32_t bits;
} float_bits;

#define HALF_PI 0x1.921fb6p+0f
#define TWO_OVER_PI 0x1.45f306p-1f
/* pi/2 in three parts: n times each of the first two is exact up to n = 8191 */
#define HALF_PI_1 0x1.92p+0f
#define HALF_PI_2 0x1.fb4p-12f
#define HALF_PI_3 0x1.4442d2p-24f
#define LOG2_E 0x1.715476p+0f
/* ln 2 in two parts: n times the first is exact for |n| <= 511 */
#define LN2_1 0x1.62e4p-1f
#define LN2_2 0x1.7f7d1cp-20f
#define LOG10_2 0x1.344136p-2f

float sw_atan2f(float y, float x)
{
    float ay = y < 0.0f ? -y : y;
    float ax = x < 0.0f ? -x : x;
    float large = ax > ay ? ax : ay;
    float small = ax > ay ? ay : ax;
    if (!(large > 0.0f)) {
        return 0.0f;
    }
    float q = small / large;
    float s = q * q;
    float p = 0x1.7c931ap-9f;
    p = p * s - 0x1.0ac7ecp-6f;
    p = p * s + 0x1.609422p-5f;
    p = p * s - 0x1.349456p-4f;
    p = p * s + 0x1.b46a68p-4f;
    p = p * s - 0x1.22f64cp-3f;
    p = p * s + 0x1.997530p-3f;
    p = p * s - 0x1.5554b4p-2f;
    float angle = q + q * (s * p);
    if (ay > ax) {
        angle = HALF_PI - angle;
    }
    if (x < 0.0f) {
        angle = SW_PI - angle;
    }
    return y < 0.0f ? -angle : angle;
}

/* sin(x + quarter * pi/2); x is clamped to +-8192, so that the quarter turns fit an integer whatever comes */
static float sine_of(float angle, int32_t quarter)
{
    float x = !(angle > -8192.0f) ? -8192.0f : (angle < 8192.0f ? angle : 8192.0f);
    float t = x * TWO_OVER_PI;
    int32_t n = (int32_t)(t < 0.0f ? t - 0.5f : t + 0.5f);
    float f = (float)n;
    float r = ((x - f * HALF_PI_1) - f * HALF_PI_2) - f * HALF_PI_3;
    float s = r * r;
    float p;
    n += quarter;
    if ((n & 1) == 0) {
        p = -0x1.9903d4p-13f;
        p = p * s + 0x1.110626p-7f;
        p = p * s - 0x1.555540p-3f;
        p = r + r * (s * p);
    } else {
        p = 0x1.990368p-16f;
        p = p * s - 0x1.6c0776p-10f;
        p = p * s + 0x1.55553ap-5f;
        p = (1.0f - 0.5f * s) + (s * s) * p;
    }
    return (n & 2) != 0 ? -p : p;
}

float sw_sinf(float x)
{
    return sine_of(x, 0);
}

float sw_cosf(float x)
{
    return sine_of(x, 1);
}

/* The steps of sine_of and sw_atan2f without branches, four elements at once; what is left over, one by one. */
void sw_sincosf_each(const float *restrict x, float *restrict sine, float *restrict cosine, uint32_t n)
{
    uint32_t i = 0;
    for (; i + SW_LANES <= n; i += SW_LANES) {
        sw_lanes angle = *(const sw_lanes *)(x + i);
        angle = sw_select(angle < 8192.0f, angle, sw_all(8192.0f));
        angle = sw_select(*(const sw_lanes *)(x + i) > -8192.0f, angle, sw_all(-8192.0f));
        sw_lanes t = angle * TWO_OVER_PI;
        sw_lane_bits turn = __builtin_convertvector(t + sw_select(t < 0.0f, sw_all(-0.5f), sw_all(0.5f)), sw_lane_bits);
        sw_lanes f = __builtin_convertvector(turn, sw_lanes);
        sw_lanes r = ((angle - f * HALF_PI_1) - f * HALF_PI_2) - f * HALF_PI_3;
        sw_lanes s = r * r;
        sw_lanes p = (-0x1.9903d4p-13f * s + 0x1.110626p-7f) * s - 0x1.555540p-3f;
        sw_lanes q = (0x1.990368p-16f * s - 0x1.6c0776p-10f) * s + 0x1.55553ap-5f;
        p = r + r * (s * p);
        q = (1.0f - 0.5f * s) + (s * s) * q;
        sw_lanes a = sw_select((turn & 1) != 0, q, p);
        sw_lanes b = sw_select((turn & 1) != 0, p, q);
        *(sw_lanes *)(sine + i) = sw_select((turn & 2) != 0, -a, a);
        *(sw_lanes *)(cosine + i) = sw_select(((turn + 1) & 2) != 0, -b, b);
    }
    for (; i < n; i++) {
        sine[i] = sw_sinf(x[i]);
        cosine[i] = sw_cosf(x[i]);
    }
}

void sw_atan2f_each(const float *restrict y, const float *restrict x, float *restrict angle, uint32_t n)
{
    uint32_t i = 0;
    for (; i + SW_LANES <= n; i += SW_LANES) {
        sw_lanes up = *(const sw_lanes *)(y + i), right = *(const sw_lanes *)(x + i);
        sw_lanes ay = sw_select(up < 0.0f, -up, up);
        sw_lanes ax = sw_select(right < 0.0f, -right, right);
        sw_lanes large = sw_select(ax > ay, ax, ay);
        sw_lanes small = sw_select(ax > ay, ay, ax);
        sw_lanes q = small / sw_select(large > 0.0f, large, sw_all(1.0f));
        sw_lanes s = q * q;
        sw_lanes p = 0x1.7c931ap-9f * s - 0x1.0ac7ecp-6f;
        p = p * s + 0x1.609422p-5f;
        p = p * s - 0x1.349456p-4f;
        p = p * s + 0x1.b46a68p-4f;
        p = p * s - 0x1.22f64cp-3f;
        p = p * s + 0x1.997530p-3f;
        p = p * s - 0x1.5554b4p-2f;
        sw_lanes a = q + q * (s * p);
        a = sw_select(ay > ax, HALF_PI - a, a);
        a = sw_select(right < 0.0f, SW_PI - a, a);
        a = sw_select(up < 0.0f, -a, a);
        *(sw_lanes *)(angle + i) = sw_select(large > 0.0f, a, sw_all(0.0f));
    }
    for (; i < n; i++) {
        angle[i] = sw_atan2f(y[i], x[i]);
    }
}

float sw_expf(float x)
{
    float c = !(x > -87.0f) ? -87.0f : (x < 88.0f ? x : 88.0f);
    float t = c * LOG2_E;
    int32_t n = (int32_t)(t < 0.0f ? t - 0.5f : t + 0.5f);
    float f = (float)n;
    float r = (c - f * LN2_1) - f * LN2_2;
    float p = 0x1.6de296p-10f;
    p = p * r + 0x1.1276bcp-7f;
    p = p * r + 0x1.555410p-5f;
    p = p * r + 0x1.5553f6p-3f;
    p = p * r + 0.5f;
    float_bits power = {.bits = (uint32_t)(n + 127) << 23};
    return ((r + (r * r) * p) + 1.0f) * power.value;
}

float sw_logisticf(float x)
{
    float e = sw_expf(x < 0.0f ? x : -x);
    return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

float sw_log2f(float x)
{
    float_bits m = {.value = x};
    if (!(x >= 0x1p-126f)) {
        return -126.0f;
    }
    /* mantissa to sqrt(1/2)..sqrt(2), so that results near 0 keep their digits */
    int32_t e = (int32_t)((m.bits - 0x3f3504f3u) >> 23);
    if (m.bits < 0x3f3504f3u) {
        e -= 512;
    }
    m.bits -= (uint32_t)e << 23;
    float q = (m.value - 1.0f) / (m.value + 1.0f);
    float s = q * q;
    float p = 0x1.ba26dcp-2f;
    p = p * s + 0x1.2746d6p-1f;
    p = p * s + 0x1.ec70e6p-1f;
    return (float)e + (q * 0x1.715476p+1f + q * (s * p));
}

float sw_log10f(float x)
{
    return sw_log2f(x) * LOG10_2;
}
