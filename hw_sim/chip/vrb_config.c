/* The keys that vrb_open() takes, and what it says when one is wrong.
 *
 * Rule: one row per key; the row holds the range, the place in the config, and the words of the error line and of the
 * table in docs/virtual-board.md. Nothing is taken over from a text that is not right to its last byte.
 */
#include <string.h>

#include "json_internal.h"
#include "vrb_internal.h"

typedef enum value_kind { VALUE_U32, VALUE_U64, VALUE_U8, VALUE_I32, VALUE_FLAG, VALUE_MILLI, VALUE_WORD, VALUE_SOURCE } value_kind;

typedef struct key_row {
    const char *path;
    const char *expected;
    const char *standard; /* what holds without the key */
    value_kind kind;
    size_t offset; /* in vrb_config */
    int64_t min;
    uint64_t max;
    uint64_t also;  /* one more value that is right */
    const char *words; /* of VALUE_WORD: each ends in a space, the first is 0 */
} key_row;

#define AT(member) offsetof(vrb_config, member)
#define WORDS_SOURCE "ramp silence noise lent " /* in the order of vrb_source_kind, without the file */
#define FLAG "true or false"
#define BYTE "an integer from 0 to 255"
#define FLAG_ROW(path, member) {path, FLAG, "false", VALUE_FLAG, AT(member), 0, 1, 0, NULL}

static const key_row rows[] = {
    {"source", "\"ramp\", \"silence\", \"noise\", \"lent\" or {\"file\": PATH}", "\"ramp\"", VALUE_SOURCE, AT(source), 0, 0,
     0, WORDS_SOURCE},
    {"seed", "an integer from 0 to 18446744073709551615", "0", VALUE_U64, AT(seed), 0, UINT64_MAX, 0, NULL},
    {"spi_hz", "0, or an integer from 1000 to 50000000", "0", VALUE_U32, AT(chip.spi_hz), 1000, 50000000u, 0, NULL},
    {"reference_hz", "80000000 or 76800000", "80000000", VALUE_U32, AT(chip.reference_hz), 80000000, 80000000u, 76800000u,
     NULL},
    {"gsr0_order", "\"datasheet\" or \"vendor_header\"", "\"datasheet\"", VALUE_WORD, AT(chip.gsr0_vendor_order), 0, 0, 0,
     "datasheet vendor_header "},
    FLAG_ROW("fou_while_empty", chip.fou_while_empty),
    {"adc0_bit_13", "0 or 1", "0", VALUE_U32, AT(chip.adc0_bit_13), 0, 1, 0, NULL},
    {"extra_clocks", "an integer from -1000 to 1000", "0", VALUE_I32, AT(chip.extra_clocks), -1000, 1000, 0, NULL},
    {"temperature_c", "a number from -40 to 125", "25", VALUE_MILLI, AT(chip.temperature_mc), -40000, 125000, 0, NULL},
    {"faults.chip_id", "an integer from 0 to 16777215", "771", VALUE_U32, AT(chip.chip_id), 0, 0xFFFFFFu, 0, NULL},
    FLAG_ROW("faults.reset_stuck", chip.reset_stuck),
    FLAG_ROW("faults.memory_broken", chip.memory_broken),
    {"faults.miso_and", BYTE, "255", VALUE_U8, AT(faults.miso_and), 0, 255, 255, NULL},
    {"faults.miso_or", BYTE, "0", VALUE_U8, AT(faults.miso_or), 0, 255, 0, NULL},
    FLAG_ROW("faults.irq_stuck_low", faults.irq_stuck_low),
};

#define N_ROWS (sizeof rows / sizeof rows[0])
#define PATH_OF_KEY 80u
#define FAULTS_SEEN (1u << 31)

typedef struct reading {
    vrb_config *config;
    const char *group; /* "" or "faults." */
    uint32_t seen;     /* bit of each row, and FAULTS_SEEN */
} reading;

_Static_assert(N_ROWS < 32, "reading.seen");
_Static_assert(sizeof(vrb_source_kind) == sizeof(uint32_t), "words are stored as uint32_t");

uint32_t vrb_key_count(void)
{
    return N_ROWS;
}

void vrb_key_describe(uint32_t index, vrb_key_info *out)
{
    const key_row *row = &rows[index < N_ROWS ? index : 0u];
    *out = (vrb_key_info){row->path, row->expected, row->standard};
}

/* "PATH: expected ..., got ...": the text from `from` to the reader's place. */
static int wrong(json *j, const key_row *row, size_t from)
{
    char got[40];
    json_quote(j->text, from, j->at, got, sizeof got);
    snprintf(j->what, sizeof j->what, "%s: expected %s, got %s", row->path, row->expected, got);
    return -1;
}

/* Steps over a value of any kind that is not wanted, as far as it is read at all. */
static int wrong_kind(json *j, const key_row *row)
{
    char text[8];
    size_t length;
    json_decimal number;
    const json_kind kind = json_next(j);
    const size_t from = j->at;
    switch (kind) {
    case JSON_STRING:
        return json_string(j, text, sizeof text, &length) != 0 ? -1 : wrong(j, row, from);
    case JSON_NUMBER:
        return json_number(j, &number) != 0 ? -1 : wrong(j, row, from);
    case JSON_OBJECT:
    case JSON_ARRAY:
        snprintf(j->what, sizeof j->what, "%s: expected %s, got %s", row->path, row->expected,
                 kind == JSON_OBJECT ? "an object" : "an array");
        return -1;
    default:
        return json_word(j) != 0 ? -1 : wrong(j, row, from);
    }
}

/* A number with so many decimals at most, in units of the last one. */
static int read_signed(json *j, const key_row *row, int32_t decimals, vrb_config *config)
{
    json_decimal number;
    uint64_t magnitude = 0;
    int32_t value;
    size_t from;
    if (json_next(j) != JSON_NUMBER)
        return wrong_kind(j, row);
    from = j->at;
    if (json_number(j, &number) != 0)
        return -1;
    if (json_scaled(&number, decimals, decimals != 0, &magnitude) != 0 || magnitude > INT32_MAX)
        return wrong(j, row, from);
    value = number.negative ? -(int32_t)magnitude : (int32_t)magnitude;
    if (value < row->min || value > (int32_t)row->max)
        return wrong(j, row, from);
    memcpy((uint8_t *)config + row->offset, &value, sizeof value);
    return 0;
}

static int read_integer(json *j, const key_row *row, vrb_config *config)
{
    uint8_t *to = (uint8_t *)config + row->offset;
    json_decimal number;
    uint64_t value = 0;
    uint32_t narrow;
    size_t from;
    if (json_next(j) != JSON_NUMBER)
        return wrong_kind(j, row);
    from = j->at;
    if (json_number(j, &number) != 0)
        return -1;
    if (json_scaled(&number, 0, 0, &value) != 0 || (number.negative && value != 0))
        return wrong(j, row, from);
    if ((value < (uint64_t)row->min || value > row->max) && value != row->also)
        return wrong(j, row, from);
    narrow = (uint32_t)value;
    if (row->kind == VALUE_U64)
        memcpy(to, &value, sizeof value);
    else if (row->kind == VALUE_U32)
        memcpy(to, &narrow, sizeof narrow);
    else
        *to = (uint8_t)value;
    return 0;
}

static int read_flag(json *j, const key_row *row, vrb_config *config)
{
    const json_kind kind = json_next(j);
    const uint32_t value = kind == JSON_TRUE;
    if (kind != JSON_TRUE && kind != JSON_FALSE)
        return wrong_kind(j, row);
    memcpy((uint8_t *)config + row->offset, &value, sizeof value);
    return json_word(j);
}

static int read_word(json *j, const key_row *row, vrb_config *config)
{
    char word[24];
    size_t length, from;
    uint32_t index = 0;
    if (json_next(j) != JSON_STRING)
        return wrong_kind(j, row);
    from = j->at;
    if (json_string(j, word, sizeof word, &length) != 0)
        return -1;
    for (const char *at = row->words; *at != '\0'; index++) {
        const size_t n = (size_t)(strchr(at, ' ') - at);
        if (n == length && memcmp(at, word, n) == 0) {
            memcpy((uint8_t *)config + row->offset, &index, sizeof index);
            return 0;
        }
        at += n + 1u;
    }
    return wrong(j, row, from);
}

static int file_member(json *j, const char *key, void *ctx)
{
    vrb_config *config = ctx;
    size_t length;
    if (strcmp(key, "file") != 0 || json_next(j) != JSON_STRING || config->source == SOURCE_FILE) {
        snprintf(j->what, sizeof j->what, "source: expected %s", rows[0].expected);
        return -1;
    }
    if (json_string(j, config->path, sizeof config->path, &length) != 0)
        return -1;
    if (length == 0 || length >= sizeof config->path) {
        snprintf(j->what, sizeof j->what, "source.file: expected a path of 1 to %u bytes", VRB_PATH_BYTES - 1u);
        return -1;
    }
    config->source = SOURCE_FILE;
    return 0;
}

static int read_source(json *j, const key_row *row, vrb_config *config)
{
    if (json_next(j) != JSON_OBJECT)
        return read_word(j, row, config);
    if (json_object(j, file_member, config) != 0)
        return -1;
    if (config->source == SOURCE_FILE)
        return 0;
    snprintf(j->what, sizeof j->what, "source: expected %s, got {}", row->expected);
    return -1;
}

static int read_value(json *j, const key_row *row, vrb_config *config)
{
    switch (row->kind) {
    case VALUE_FLAG:
        return read_flag(j, row, config);
    case VALUE_WORD:
        return read_word(j, row, config);
    case VALUE_SOURCE:
        return read_source(j, row, config);
    case VALUE_MILLI:
        return read_signed(j, row, 3, config);
    case VALUE_I32:
        return read_signed(j, row, 0, config);
    default:
        return read_integer(j, row, config);
    }
}

static int second_one(json *j, const char *path)
{
    snprintf(j->what, sizeof j->what, "%s: expected once, got a second one", path);
    return -1;
}

static void append(char *line, size_t size, const char *text)
{
    const size_t used = strlen(line);
    snprintf(line + used, size - used, "%s", text);
}

static int unknown_key(json *j, const reading *r, const char *path)
{
    char shown[PATH_OF_KEY];
    const size_t skip = strlen(r->group);
    json_quote(path, 0, strlen(path), shown, sizeof shown);
    snprintf(j->what, sizeof j->what, "%s: unknown key, expected", shown);
    for (uint32_t i = 0; i < N_ROWS; i++) {
        if (strncmp(rows[i].path, r->group, skip) != 0 || strchr(rows[i].path + skip, '.') != NULL)
            continue;
        append(j->what, sizeof j->what, " ");
        append(j->what, sizeof j->what, rows[i].path + skip);
    }
    if (skip == 0)
        append(j->what, sizeof j->what, " faults");
    return -1;
}

static int read_member(json *j, const char *key, void *ctx);

static int read_faults(json *j, reading *r)
{
    reading inner = {.config = r->config, .group = "faults.", .seen = r->seen};
    if (r->seen & FAULTS_SEEN)
        return second_one(j, "faults");
    r->seen |= FAULTS_SEEN;
    if (json_next(j) == JSON_OBJECT)
        return json_object(j, read_member, &inner);
    snprintf(j->what, sizeof j->what, "faults: expected an object");
    return -1;
}

static int read_member(json *j, const char *key, void *ctx)
{
    reading *r = ctx;
    char path[PATH_OF_KEY];
    snprintf(path, sizeof path, "%s%s", r->group, key);
    if (r->group[0] == '\0' && strcmp(key, "faults") == 0)
        return read_faults(j, r);
    for (uint32_t i = 0; i < N_ROWS; i++) {
        if (strcmp(path, rows[i].path) != 0 || strchr(key, '.') != NULL)
            continue;
        if (r->seen >> i & 1u)
            return second_one(j, path);
        r->seen |= 1u << i;
        return read_value(j, &rows[i], r->config);
    }
    return unknown_key(j, r, path);
}

void vrb_config_default(vrb_config *config)
{
    memset(config, 0, sizeof *config);
    chip_default_options(&config->chip);
    config->faults.miso_and = 0xFFu;
}

int vrb_config_read(vrb_config *config, const char *text, char *what, size_t n)
{
    json j = {.text = text};
    reading r = {.config = config, .group = ""};
    vrb_config_default(config);
    if (json_object(&j, read_member, &r) == 0 && json_end(&j) == 0)
        return 0;
    snprintf(what, n, "%s", j.what);
    return -1;
}
