/* See bridge_files.h. */
#include "bridge_files.h"

#include "semihosting.h"

static int32_t requests; /* file handles; a target, not the core, may keep them here */
static int32_t replies;

static int32_t read_some(uint8_t *bytes, uint32_t capacity)
{
    return (int32_t)(capacity - sw_semihosting_read(replies, bytes, capacity));
}

static int32_t write_all(const uint8_t *bytes, uint32_t n)
{
    while (n != 0u) {
        const uint32_t left = sw_semihosting_write(requests, bytes, n);
        if (left >= n) {
            return -1;
        }
        bytes += n - left;
        n = left;
    }
    return 0;
}

int32_t sw_bridge_files_open(sw_bridge *bridge)
{
    bridge->io = (sw_bridge_io){read_some, write_all};
    requests = sw_semihosting_open("requests", SW_OPEN_WRITE);
    replies = requests < 0 ? -1 : sw_semihosting_open("replies", SW_OPEN_READ);
    return replies < 0 ? -1 : 0;
}
