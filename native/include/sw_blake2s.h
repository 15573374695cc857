/* BLAKE2s: hash and keyed hash (RFC 7693). Sizes: key 0..32 bytes, digest 1..32 bytes.
 *
 * Rule: nothing here branches on, or indexes by, a byte of key or message, so time tells nothing of them.
 */
#ifndef SW_BLAKE2S_H
#define SW_BLAKE2S_H

#include <stdint.h>

#define SW_BLAKE2S_BYTES 32u

/* Hash of n bytes in one go. key_n 0: without a key (key may be NULL). */
void sw_blake2s(uint8_t *digest, uint32_t digest_n, const uint8_t *key, uint32_t key_n, const uint8_t *in, uint32_t n);
/* 1: equal. Takes as long for any difference. */
int32_t sw_same_bytes(const uint8_t *a, const uint8_t *b, uint32_t n);

#endif
