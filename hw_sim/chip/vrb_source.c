/* Where the virtual board's samples come from: a documented ramp, mid-scale, noise, a file, or the caller.
 *
 * Rule: one frame at a time, copied when it starts, so nobody's memory is needed longer than he was told. The number of
 * a frame is what the chip's own frame counter says: its 12 bits are all that the ramp depends on.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json_internal.h"
#include "vrb_internal.h"

#define MID_SCALE 2048u
#define STAT1_ADDRESS 0x03u
#define RAMP_PER_CHIRP 7u
#define RAMP_PER_FRAME 131u

static int refuse_file(const char *path, const char *got, char *what, size_t n)
{
    char shown[100];
    json_quote(path, 0, strlen(path), shown, sizeof shown);
    snprintf(what, n, "source.file: expected a file of uint16 samples, got %s: %s", shown, got);
    return -1;
}

static int open_file(vrb_source *s, const char *path, char *what, size_t n)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return refuse_file(path, strerror(errno), what, n);
    if (!S_ISREG(info.st_mode) || info.st_size == 0 || info.st_size % 2 != 0)
        return refuse_file(path, S_ISREG(info.st_mode) ? "an odd size, or none" : "not a file", what, n);
    s->file = fopen(path, "rb");
    if (s->file == NULL)
        return refuse_file(path, strerror(errno), what, n);
    s->file_left = (uint64_t)info.st_size / 2u;
    return 0;
}

int source_open(vrb_source *s, const vrb_config *config, char *what, size_t n)
{
    memset(s, 0, sizeof *s);
    s->kind = config->source;
    s->seed = config->seed;
    return s->kind == SOURCE_FILE ? open_file(s, config->path, what, n) : 0;
}

void source_close(vrb_source *s)
{
    if (s->file != NULL)
        fclose(s->file);
    free(s->frame);
}

static int make_room(vrb_source *s, uint64_t n)
{
    uint16_t *more;
    if (n <= s->capacity)
        return 0;
    if (n > VRB_FRAME_CAP)
        return -1;
    more = realloc(s->frame, (size_t)n * sizeof *more);
    if (more == NULL)
        return -1;
    s->frame = more;
    s->capacity = n;
    return 0;
}

static void fill_chirp(uint16_t *out, uint32_t n, uint32_t first)
{
    for (uint32_t k = 0; k < n; k++)
        out[k] = (uint16_t)((first + k) & 0xFFFu);
}

static void fill_ramp(uint16_t *out, void *chip, const chip_radar_view *view)
{
    const uint32_t frame = chip_register(chip, STAT1_ADDRESS) >> 12;
    chip_chirp_view one = {.n_rx = view->n_rx, .n_samples = view->n_samples};
    uint64_t left = view->frame_samples;
    for (uint32_t chirp = 0; left > 0 && chirp < view->n_chirps; chirp++) {
        uint64_t n;
        if (!view->uniform)
            chip_chirp(chip, chirp, &one);
        n = (uint64_t)one.n_rx * one.n_samples;
        n = n < left ? n : left;
        fill_chirp(out, (uint32_t)n, RAMP_PER_CHIRP * chirp + RAMP_PER_FRAME * frame);
        out += n;
        left -= n;
    }
}

/* The finaliser of splitmix64: 64 even bits for each counter. */
static uint64_t hash64(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/* Mid-scale plus a bell of 16 coin tosses: standard deviation 2 counts, at most 8 away. */
static void fill_noise(uint16_t *out, uint64_t n, uint64_t key)
{
    for (uint64_t i = 0; i < n; i++) {
        const uint32_t bits = (uint32_t)(hash64(key + i / 4u) >> (16u * (i % 4u))) & 0xFFFFu;
        out[i] = (uint16_t)(MID_SCALE - 8u + (uint32_t)__builtin_popcount(bits));
    }
}

static int read_file(vrb_source *s, uint64_t n)
{
    if (s->file_left < n || fread(s->frame, sizeof *s->frame, (size_t)n, s->file) != n)
        return -1;
    s->file_left -= n;
    return 0;
}

static int take_lent(vrb_source *s, uint64_t n)
{
    if (s->lent_left < n)
        return -1;
    memcpy(s->frame, s->lent, (size_t)n * sizeof *s->frame);
    s->lent += n;
    s->lent_left -= n;
    return 0;
}

/* Frames that exist already live through a restart, and are kept where data test mode only shows them; made ones belong
 * to their time. */
static uint64_t time_of_frame(const vrb_source *s, void *chip)
{
    return s->kind == SOURCE_FILE || s->kind == SOURCE_LENT ? CHIP_ANY_TIME_NS : chip_next_frame_ns(chip);
}

static int at_end(const vrb_source *s)
{
    return s->kind == SOURCE_FILE ? s->file_left == 0 : s->kind == SOURCE_LENT && s->lent_left == 0 && s->ended;
}

int source_supply(vrb_source *s, void *chip)
{
    chip_radar_view view;
    int failed = 0;
    uint64_t n;
    chip_radar(chip, &view);
    n = view.frame_samples;
    if (at_end(s)) {
        (void)chip_samples_set(chip, NULL, 0, CHIP_ANY_TIME_NS);
        return VRB_OK;
    }
    if (s->kind == SOURCE_LENT && s->lent_left == 0)
        return VRB_NEED_SAMPLES;
    if (make_room(s, n) != 0)
        return VRB_WRONG_USE;
    switch (s->kind) {
    case SOURCE_RAMP:
        fill_ramp(s->frame, chip, &view);
        break;
    case SOURCE_SILENCE:
        for (uint64_t i = 0; i < n; i++)
            s->frame[i] = MID_SCALE;
        break;
    case SOURCE_NOISE:
        fill_noise(s->frame, n, hash64(s->seed ^ hash64(s->frames)));
        break;
    case SOURCE_FILE:
        failed = read_file(s, n);
        break;
    case SOURCE_LENT:
        failed = take_lent(s, n);
        break;
    }
    if (failed)
        return VRB_WRONG_USE;
    s->frames++;
    (void)chip_samples_set(chip, s->frame, 1, time_of_frame(s, chip));
    return VRB_OK;
}

int source_lend(vrb_source *s, void *chip, const uint16_t *samples, uint64_t n)
{
    chip_radar_view view;
    chip_radar(chip, &view);
    if (s->kind != SOURCE_LENT)
        return VRB_WRONG_USE;
    if (n != 0 && (samples == NULL || view.frame_samples == 0 || n % view.frame_samples != 0))
        return VRB_WRONG_USE;
    if (s->ended && n != 0)
        (void)chip_samples_set(chip, samples, 1, 0); /* no frame starts at 0: nothing is taken, only the end is taken back */
    s->lent = samples;
    s->lent_left = n;
    s->ended = n == 0;
    return VRB_OK;
}
