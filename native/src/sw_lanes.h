/* Part of common, for the insides of blocks: the antennas of one value as one vector.
 *
 * A register where the target has one, four scalars elsewhere: the same operations in the same order.
 * It may alias float arrays and needs no more than their alignment. (cffi cannot read the attribute,
 * so this header lies beside the sources.)
 */
#ifndef SW_LANES_H
#define SW_LANES_H

#include "sw_common.h"

typedef float sw_lanes __attribute__((vector_size(4 * SW_LANES), may_alias, aligned(4)));
typedef int32_t sw_lane_bits __attribute__((vector_size(4 * SW_LANES), may_alias, aligned(4)));

/* where: all ones or all zeros per lane, as a comparison of lanes gives */
static inline sw_lanes sw_select(sw_lane_bits where, sw_lanes yes, sw_lanes no)
{
    return (sw_lanes)(((sw_lane_bits)yes & where) | ((sw_lane_bits)no & ~where));
}

static inline sw_lanes sw_all(float x)
{
    return (sw_lanes){x, x, x, x};
}

static inline float sw_lane_sum(sw_lanes x)
{
    return (x[0] + x[1]) + (x[2] + x[3]);
}

#endif
