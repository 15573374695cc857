/* What the event machine notices itself, on its serial line, and how the host is told of faults.
 *
 * Rule: faults are told while streaming only; those of a silence when it is over.
 */
#ifndef SW_WATCH_H
#define SW_WATCH_H

#include "sw_firmware_state.h"

#define SW_WATCH_TOLD_PER_S 4u      /* FAULT packets in a second; the rest waits for the next */
#define SW_WATCH_HOST_GONE_S 60u    /* streamed for so long without a word of the host: it is gone */
#define SW_WATCH_LINE_SLOW_S 3u     /* seconds in a row whose packets were not out at their end */

/* A frame has been through the chain: what its samples say of the radar. */
void sw_watch_frame(sw_firmware *fw, uint64_t now_us);
/* A second has ended: looks at the line. */
void sw_watch_second(sw_firmware *fw, uint64_t now_us, uint64_t t_us);
/* Tells what began or ended, the most important first. Only while streaming. */
void sw_watch_tell(sw_firmware *fw, uint64_t now_us, uint64_t t_us);

#endif
