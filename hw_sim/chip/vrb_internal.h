/* The virtual board's own state and the seams between its files. Private to vrb*.c. */
#ifndef VRB_INTERNAL_H
#define VRB_INTERNAL_H

#include <stdio.h>

#include "chip.h"
#include "vrb.h"
#include "vrb_inside.h"

#define VRB_PATH_BYTES 4096u
#define VRB_WHY_BYTES 256u
#define VRB_END_NS ((uint64_t)1 << 62)
#define VRB_FRAME_CAP ((uint64_t)1 << 26) /* samples of one frame that the sources make; the FIFO holds 2^14 */

typedef enum vrb_source_kind { SOURCE_RAMP, SOURCE_SILENCE, SOURCE_NOISE, SOURCE_LENT, SOURCE_FILE } vrb_source_kind;

typedef struct vrb_faults {
    uint8_t miso_and; /* byte seen = (byte & and) | or */
    uint8_t miso_or;
    uint32_t irq_stuck_low;
} vrb_faults;

typedef struct vrb_config { /* what the JSON says */
    chip_options chip;
    vrb_faults faults;
    uint64_t seed;
    vrb_source_kind source;
    char path[VRB_PATH_BYTES];
} vrb_config;

typedef struct vrb_source {
    vrb_source_kind kind;
    uint64_t seed;
    uint64_t frames;      /* handed to the chip since power-on */
    FILE *file;
    uint64_t file_left;   /* samples */
    const uint16_t *lent;
    uint64_t lent_left;   /* samples */
    uint32_t ended;       /* nothing more will be lent */
    uint16_t *frame;      /* the one being sampled */
    uint64_t capacity;    /* samples */
} vrb_source;

struct vrb {
    void *chip;
    vrb_source source;
    vrb_faults faults;
    struct spi_socket *server; /* of vrb_serve(); NULL: none */
    trace *log;     /* NULL: nobody looks */
    int cs, rst;    /* levels on the wires */
    int logged_irq;
};

/* vrb_config.c. what: room for one line, written when it fails */
void vrb_config_default(vrb_config *config);
int vrb_config_read(vrb_config *config, const char *text, char *what, size_t n);

/* vrb_source.c. what: room for one line, written when it fails */
int source_open(vrb_source *s, const vrb_config *config, char *what, size_t n);
void source_close(vrb_source *s);
int source_supply(vrb_source *s, void *chip); /* to a chip that needs samples. VRB_OK, VRB_NEED_SAMPLES, VRB_WRONG_USE */
int source_lend(vrb_source *s, void *chip, const uint16_t *samples, uint64_t n);

/* vrb.c */
int plain_xfer(vrb *b, const uint8_t *tx, uint8_t *rx, uint32_t n);

/* vrb_trace.c */
void log_pin(vrb *b, uint32_t kind, int *pin, int level); /* TRACE_CS or TRACE_RST moved; the interrupt may follow */
void log_irq(vrb *b, uint64_t t_ns);
int log_xfer(vrb *b, const uint8_t *tx, uint8_t *rx, uint32_t n);

/* vrb_serve.c */
int serve_run(vrb *b, const char *address, char *why, size_t n);
void serve_close(vrb *b);

#endif
