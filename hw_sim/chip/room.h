/* Climate and light of the room, as a course through points in time.
 *
 * Rule: a function of time alone: straight lines between the points, level before the first and behind the last.
 */
#ifndef ROOM_H
#define ROOM_H

#include <stdint.h>

enum room_sizes { ROOM_POINTS = 512 };

typedef struct room_point {
    uint64_t t_us; /* board time; rising */
    int32_t temperature_mc; /* 1e-3 degree Celsius */
    int32_t humidity_mpct;  /* 1e-3 percent */
    uint32_t light_mlux;    /* 1e-3 lx */
    uint32_t reserved;
} room_point;

typedef struct room {
    uint32_t n;
    uint32_t glare_mlux; /* fault: this falls on the light sensor instead; 0: none */
    room_point points[ROOM_POINTS];
} room;

void room_init(room *r); /* 20 degree Celsius, 45 percent, dark */
/* -1: too many points, none, or times that do not rise; nothing is changed. */
int32_t room_set(room *r, const room_point *points, uint32_t n);
room_point room_at(const room *r, uint64_t t_us);
uint32_t room_light(const void *ctx, uint64_t t_us); /* 1e-3 lx on the sensor; ctx is the room */

#endif
