/* The checks on libvrb: a program that knows vrb.h and nothing else of the project.
 *
 * driver JSON [CHECK]... or driver JSON measure [SECONDS]. An empty JSON is none at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "vrb.h"

static int cs(void *ctx, int level)
{
    return vrb_cs(ctx, level);
}

static int xfer(void *ctx, const uint8_t *tx, uint8_t *rx, size_t n)
{
    return vrb_xfer(ctx, tx, rx, n);
}

static int rst(void *ctx, int level)
{
    return vrb_rst(ctx, level);
}

static int irq(void *ctx)
{
    return vrb_irq(ctx);
}

static int advance(void *ctx, uint64_t ns)
{
    return vrb_advance(ctx, ns);
}

static int wait_irq(void *ctx, uint64_t max_ns)
{
    return vrb_wait_irq(ctx, max_ns);
}

static uint64_t time_ns(void *ctx)
{
    return vrb_time_ns(ctx);
}

static int window(void *ctx, const uint8_t *tx, size_t n_tx, uint8_t *rx, size_t n_rx)
{
    int status = vrb_cs(ctx, 0);
    if (status == VRB_OK)
        status = vrb_xfer(ctx, tx, rx, n_tx);
    if (status == VRB_OK && n_rx != 0)
        status = vrb_xfer(ctx, NULL, rx + n_tx, n_rx);
    vrb_cs(ctx, 1);
    return status;
}

static int windows(void *ctx, size_t n, const uint8_t *tx, size_t n_tx, uint8_t *rx, size_t n_rx)
{
    int status = VRB_OK;
    for (size_t i = 0; i < n && status == VRB_OK; i++)
        status = window(ctx, tx, n_tx, rx + i * (n_tx + n_rx), n_rx);
    return status;
}

int main(int argc, char **argv)
{
    const char *json = argc > 1 && argv[1][0] != '\0' ? argv[1] : NULL;
    port p = {NULL, cs, xfer, rst, irq, advance, wait_irq, time_ns, window, windows};
    int failed;
    if (vrb_abi() != VRB_ABI) {
        fprintf(stderr, "libvrb speaks ABI %u, this program %u\n", (unsigned)vrb_abi(), VRB_ABI);
        return 2;
    }
    p.ctx = vrb_open(json);
    if (p.ctx == NULL) {
        fprintf(stderr, "%s\n", vrb_why());
        return 2;
    }
    if (argc > 2 && strcmp(argv[2], "measure") == 0)
        failed = measure(&p, argc > 3 ? atof(argv[3]) : 0.5);
    else
        failed = run_checks(&p, argc > 2 ? argc - 2 : 0, argv + 2);
    vrb_close(p.ctx);
    return failed;
}
