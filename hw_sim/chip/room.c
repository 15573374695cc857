/* Straight lines between points.
 *
 * Rule: see the header.
 */
#include "room.h"

#include <string.h>

void room_init(room *r)
{
    memset(r, 0, sizeof *r);
    r->n = 1;
    r->points[0].temperature_mc = 20000;
    r->points[0].humidity_mpct = 45000;
}

int32_t room_set(room *r, const room_point *points, uint32_t n)
{
    if (n == 0u || n > ROOM_POINTS) {
        return -1;
    }
    for (uint32_t i = 1; i < n; i++) {
        if (points[i].t_us <= points[i - 1u].t_us) {
            return -1;
        }
    }
    memcpy(r->points, points, n * sizeof points[0]);
    r->n = n;
    return 0;
}

static int64_t between(int64_t a, int64_t b, uint64_t part, uint64_t whole)
{
    return a + (b - a) * (int64_t)(part / 1000u) / (int64_t)(whole < 1000u ? 1u : whole / 1000u);
}

room_point room_at(const room *r, uint64_t t_us)
{
    uint32_t low = 0, high = r->n; /* the last point at or before t lies in low .. high - 1 */
    if (t_us <= r->points[0].t_us) {
        return r->points[0];
    }
    while (high - low > 1u) {
        const uint32_t middle = (low + high) / 2u;
        if (r->points[middle].t_us <= t_us) {
            low = middle;
        } else {
            high = middle;
        }
    }
    room_point at = r->points[low];
    if (low + 1u < r->n) {
        const room_point *next = &r->points[low + 1u];
        const uint64_t part = t_us - at.t_us, whole = next->t_us - at.t_us;
        at.temperature_mc = (int32_t)between(at.temperature_mc, next->temperature_mc, part, whole);
        at.humidity_mpct = (int32_t)between(at.humidity_mpct, next->humidity_mpct, part, whole);
        at.light_mlux = (uint32_t)between(at.light_mlux, next->light_mlux, part, whole);
    }
    at.t_us = t_us;
    return at;
}

uint32_t room_light(const void *ctx, uint64_t t_us)
{
    const room *r = ctx;
    return r->glare_mlux != 0u ? r->glare_mlux : room_at(r, t_us).light_mlux;
}
