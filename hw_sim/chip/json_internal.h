/* A reader for the JSON that the virtual board takes: one pass, no memory of its own, any bytes are survived.
 *
 * Rule: a reader function returns 0 or leaves one line in `what` and returns -1; nothing is read behind the final NUL.
 */
#ifndef JSON_INTERNAL_H
#define JSON_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#define JSON_WHAT_BYTES 256u

typedef enum json_kind {
    JSON_NOTHING, /* the text ends here, or no value begins */
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
    JSON_OBJECT,
    JSON_ARRAY
} json_kind;

typedef struct json {
    const char *text;
    size_t at;
    char what[JSON_WHAT_BYTES];
} json;

typedef struct json_decimal { /* (-1)^negative * digits * 10^exponent */
    uint32_t negative;
    uint32_t cut;     /* digits behind the 19th or 20th were cut off, */
    uint32_t inexact; /* and one of them was not 0 */
    uint64_t digits;
    int32_t exponent;
} json_decimal;

/* Of a key: 0, or -1 with what. The value has not been read yet. */
typedef int (*json_member)(json *j, const char *key, void *ctx);

json_kind json_next(json *j); /* behind white space */
/* out: at most n - 1 bytes of UTF-8 and a NUL; escapes are resolved. length: of all of it. */
int json_string(json *j, char *out, size_t n, size_t *length);
int json_number(json *j, json_decimal *out);
int json_word(json *j); /* true, false or null */
int json_object(json *j, json_member member, void *ctx);
int json_end(json *j); /* only white space follows */

/* magnitude of the number times 10^scale; -1: above UINT64_MAX, or no integer. round: the nearest integer will do. */
int json_scaled(const json_decimal *number, int32_t scale, int round, uint64_t *magnitude);
/* Printable, at most n - 1 bytes of the text from..to, dots where something was left out. */
void json_quote(const char *text, size_t from, size_t to, char *out, size_t n);

#endif
