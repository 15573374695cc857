/* Opens a board with each text on stdin (u32 length, bytes) and prints how many opened. For the sanitizers: each text
 * lies alone in memory of its own. `open_all plant` reads one byte behind a text, which must not go unseen. */
#include <stdio.h>
#include <stdlib.h>

#include "vrb.h"

int main(int argc, char **argv)
{
    uint32_t n;
    unsigned opened = 0, refused = 0;
    while (fread(&n, sizeof n, 1, stdin) == 1) {
        char *text = malloc((size_t)n + 1u);
        vrb *board;
        if (text == NULL || fread(text, 1, n, stdin) != n)
            return 2;
        text[n] = '\0';
        board = vrb_open(text);
        opened += board != NULL;
        refused += board == NULL;
        if (argc > 1 && argv[1][0] == 'p')
            opened += (unsigned)((volatile char *)text)[n + 1u];
        vrb_close(board);
        free(text);
    }
    printf("%u %u\n", opened, refused);
    return 0;
}
