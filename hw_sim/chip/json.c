/* Strings with all escapes, exact decimal numbers, nested objects; an array is only recognised.
 *
 * Rule: every byte is looked at before it is stepped over, so the final NUL is never passed.
 */
#include "json_internal.h"

#include <stdio.h>
#include <string.h>

#define KEY_BYTES 64u
#define EXPONENT_CAP 100000

static int fail(json *j, const char *expected)
{
    snprintf(j->what, sizeof j->what, "json: expected %s at byte %zu", expected, j->at);
    return -1;
}

static char here(const json *j)
{
    return j->text[j->at];
}

static void skip_space(json *j)
{
    while (here(j) == ' ' || here(j) == '\t' || here(j) == '\n' || here(j) == '\r')
        j->at++;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

json_kind json_next(json *j)
{
    skip_space(j);
    switch (here(j)) {
    case '"':
        return JSON_STRING;
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    default:
        return here(j) == '-' || is_digit(here(j)) ? JSON_NUMBER : JSON_NOTHING;
    }
}

/* Four hexadecimal digits. */
static int hex4(json *j, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        const char c = here(j);
        const uint32_t lower = (uint32_t)(c | 0x20);
        if (is_digit(c))
            *out = *out << 4 | (uint32_t)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            *out = *out << 4 | (lower - 'a' + 10u);
        else
            return fail(j, "four hexadecimal digits");
        j->at++;
    }
    return 0;
}

/* The code point of a \u escape, its `\u` already read; two make one above FFFF. */
static int code_point(json *j, uint32_t *out)
{
    uint32_t low;
    if (hex4(j, out) != 0)
        return -1;
    if (*out == 0 || (*out >= 0xDC00u && *out <= 0xDFFFu))
        return fail(j, "a character other than NUL or half a pair");
    if (*out < 0xD800u || *out > 0xDBFFu)
        return 0;
    if (here(j) != '\\' || j->text[j->at + 1] != 'u')
        return fail(j, "the second half of a pair");
    j->at += 2;
    if (hex4(j, &low) != 0)
        return -1;
    if (low < 0xDC00u || low > 0xDFFFu)
        return fail(j, "the second half of a pair");
    *out = 0x10000u + ((*out - 0xD800u) << 10) + (low - 0xDC00u);
    return 0;
}

static size_t utf8(uint32_t c, char out[4])
{
    if (c < 0x80u) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800u) {
        out[0] = (char)(0xC0u | c >> 6);
        out[1] = (char)(0x80u | (c & 0x3Fu));
        return 2;
    }
    if (c < 0x10000u) {
        out[0] = (char)(0xE0u | c >> 12);
        out[1] = (char)(0x80u | (c >> 6 & 0x3Fu));
        out[2] = (char)(0x80u | (c & 0x3Fu));
        return 3;
    }
    out[0] = (char)(0xF0u | c >> 18);
    out[1] = (char)(0x80u | (c >> 12 & 0x3Fu));
    out[2] = (char)(0x80u | (c >> 6 & 0x3Fu));
    out[3] = (char)(0x80u | (c & 0x3Fu));
    return 4;
}

/* What stands behind a backslash: bytes written to out, 0 when it is wrong. */
static size_t escaped(json *j, char out[4])
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char c = here(j);
    const char *found = c == '\0' ? NULL : strchr(from, c);
    uint32_t code;
    if (found != NULL) {
        j->at++;
        out[0] = to[found - from];
        return 1;
    }
    if (c != 'u') {
        fail(j, "an escape");
        return 0;
    }
    j->at++;
    return code_point(j, &code) == 0 ? utf8(code, out) : 0u;
}

int json_string(json *j, char *out, size_t n, size_t *length)
{
    size_t done = 0;
    skip_space(j);
    if (here(j) != '"')
        return fail(j, "a string");
    j->at++;
    while (here(j) != '"') {
        char part[4];
        size_t bytes = 1;
        part[0] = here(j);
        if ((unsigned char)part[0] < 0x20u)
            return fail(j, "the end of the string");
        j->at++;
        if (part[0] == '\\')
            bytes = escaped(j, part);
        if (bytes == 0)
            return -1;
        for (size_t i = 0; i < bytes; i++, done++)
            if (done + 1u < n)
                out[done] = part[i];
    }
    j->at++;
    out[done < n ? done : n - 1u] = '\0';
    *length = done;
    return 0;
}

/* Takes a run of digits into the number. behind: they stand behind the point. */
static int digits(json *j, json_decimal *out, int behind)
{
    if (!is_digit(here(j)))
        return fail(j, "a digit");
    for (; is_digit(here(j)); j->at++) {
        const uint64_t digit = (uint64_t)(here(j) - '0');
        const int fits = !out->cut && out->digits <= (UINT64_MAX - digit) / 10u;
        if (fits)
            out->digits = out->digits * 10u + digit;
        out->cut = !fits;
        out->inexact |= !fits && digit != 0;
        if (fits == behind && out->exponent > -EXPONENT_CAP && out->exponent < EXPONENT_CAP)
            out->exponent += behind ? -1 : 1;
    }
    return 0;
}

static int exponent(json *j, json_decimal *out)
{
    int32_t value = 0;
    int negative = 0;
    j->at++;
    if (here(j) == '+' || here(j) == '-')
        negative = j->text[j->at++] == '-';
    if (!is_digit(here(j)))
        return fail(j, "a digit");
    for (; is_digit(here(j)); j->at++)
        if (value < EXPONENT_CAP)
            value = 10 * value + (here(j) - '0');
    out->exponent += negative ? -value : value;
    return 0;
}

int json_number(json *j, json_decimal *out)
{
    memset(out, 0, sizeof *out);
    skip_space(j);
    if (here(j) == '-') {
        out->negative = 1;
        j->at++;
    }
    if (here(j) == '0' && is_digit(j->text[j->at + 1]))
        return fail(j, "no leading zero");
    if (digits(j, out, 0) != 0)
        return -1;
    if (here(j) == '.') {
        j->at++;
        if (digits(j, out, 1) != 0)
            return -1;
    }
    return here(j) == 'e' || here(j) == 'E' ? exponent(j, out) : 0;
}

int json_word(json *j)
{
    static const char *const words[] = {"true", "false", "null"};
    skip_space(j);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t n = strlen(words[i]);
        if (strncmp(j->text + j->at, words[i], n) == 0) {
            j->at += n;
            return 0;
        }
    }
    return fail(j, "true, false or null");
}

int json_object(json *j, json_member member, void *ctx)
{
    char key[KEY_BYTES];
    size_t length;
    skip_space(j);
    if (here(j) != '{')
        return fail(j, "an object");
    j->at++;
    skip_space(j);
    if (here(j) == '}') {
        j->at++;
        return 0;
    }
    for (;;) {
        if (json_string(j, key, sizeof key, &length) != 0)
            return -1;
        skip_space(j);
        if (here(j) != ':')
            return fail(j, "':'");
        j->at++;
        if (member(j, key, ctx) != 0)
            return -1;
        skip_space(j);
        if (here(j) == '}') {
            j->at++;
            return 0;
        }
        if (here(j) != ',')
            return fail(j, "',' or '}'");
        j->at++;
    }
}

int json_end(json *j)
{
    skip_space(j);
    return here(j) == '\0' ? 0 : fail(j, "the end");
}

int json_scaled(const json_decimal *number, int32_t scale, int round, uint64_t *magnitude)
{
    uint64_t value = number->digits;
    uint64_t cut = 0; /* the last digit that was cut off */
    uint32_t inexact = number->inexact;
    int32_t e = number->exponent + scale;
    for (; e > 0 && value != 0; e--) {
        if (value > UINT64_MAX / 10u)
            return -1;
        value *= 10u;
    }
    for (; e < 0 && (value | cut) != 0; e++) {
        inexact |= cut != 0;
        cut = value % 10u;
        value /= 10u;
    }
    if (!round && (inexact || cut != 0))
        return -1;
    *magnitude = value + (round && cut >= 5u);
    return 0;
}

void json_quote(const char *text, size_t from, size_t to, char *out, size_t n)
{
    size_t done = 0;
    for (size_t i = from; i < to && done + 4u < n; i++)
        out[done++] = text[i] >= 0x20 && text[i] < 0x7F ? text[i] : '?';
    if (to - from > done) {
        memcpy(out + done, "...", 3);
        done += 3;
    }
    out[done] = '\0';
}
