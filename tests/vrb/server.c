/* A board on a socket, by libvrb alone: server ADDRESS [JSON]. Ends at SIGTERM. */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdio.h>

#include "vrb.h"

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

int main(int argc, char **argv)
{
    const struct sigaction action = {.sa_handler = stop};
    vrb *board = vrb_open(argc > 2 ? argv[2] : NULL);
    int status = VRB_OK;
    if (board == NULL || argc < 2) {
        fprintf(stderr, "%s\n", board == NULL ? vrb_why() : "server ADDRESS [JSON]");
        return 2;
    }
    sigaction(SIGTERM, &action, NULL);
    while (!stopped && status == VRB_OK)
        status = vrb_serve(board, argv[1]);
    if (status != VRB_OK)
        fprintf(stderr, "%s\n", vrb_why());
    vrb_close(board);
    return status == VRB_OK ? 0 : 2;
}
