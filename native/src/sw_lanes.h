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

#endif
