/* BLAKE2s after RFC 7693: section 2.6 (constants), 2.7 (message order), 3.1 (mixing), 3.2 (compression), 3.3 (padding).
 *
 * Rule: see the header.
 */
#include "sw_blake2s.h"

#include <string.h>

#define BLOCK 64u
#define ROUNDS 10u

static const uint32_t start[8] = {
    0x6A09E667u, 0xBB67AE85u, 0x3C6EF372u, 0xA54FF53Au, 0x510E527Fu, 0x9B05688Cu, 0x1F83D9ABu, 0x5BE0CD19u,
};

static const uint8_t order[ROUNDS][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

/* which four words a mixing step takes: the columns, then the diagonals */
static const uint8_t quads[8][4] = {
    {0, 4, 8, 12}, {1, 5, 9, 13}, {2, 6, 10, 14}, {3, 7, 11, 15}, {0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13}, {3, 4, 9, 14},
};

static uint32_t turn(uint32_t x, uint32_t by) { return x >> by | x << (32u - by); }

static uint32_t word(const uint8_t *in)
{
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

/* counted: bytes so far, this block's included; below 2^32 here. last: all ones in the final block, else 0. */
static void compress(uint32_t *h, const uint8_t *block, uint32_t counted, uint32_t last)
{
    uint32_t v[16];
    uint32_t m[16];
    for (uint32_t i = 0; i < 8u; i++) {
        v[i] = h[i];
        v[i + 8u] = start[i];
    }
    v[12] ^= counted;
    v[14] ^= last;
    for (uint32_t i = 0; i < 16u; i++) {
        m[i] = word(block + 4u * i);
    }
    for (uint32_t r = 0; r < ROUNDS; r++) {
        for (uint32_t i = 0; i < 8u; i++) {
            const uint8_t *q = quads[i];
            uint32_t a = v[q[0]], b = v[q[1]], c = v[q[2]], d = v[q[3]];
            a += b + m[order[r][2u * i]];
            d = turn(d ^ a, 16);
            c += d;
            b = turn(b ^ c, 12);
            a += b + m[order[r][2u * i + 1u]];
            d = turn(d ^ a, 8);
            c += d;
            b = turn(b ^ c, 7);
            v[q[0]] = a;
            v[q[1]] = b;
            v[q[2]] = c;
            v[q[3]] = d;
        }
    }
    for (uint32_t i = 0; i < 8u; i++) {
        h[i] ^= v[i] ^ v[i + 8u];
    }
}

void sw_blake2s(uint8_t *digest, uint32_t digest_n, const uint8_t *key, uint32_t key_n, const uint8_t *in, uint32_t n)
{
    uint32_t h[8];
    uint8_t block[BLOCK];
    uint32_t counted = 0;
    memcpy(h, start, sizeof h);
    h[0] ^= 0x01010000u ^ key_n << 8 ^ digest_n;
    if (key_n > 0u) { /* a key is the first block */
        memset(block, 0, sizeof block);
        memcpy(block, key, key_n);
        counted = BLOCK;
        if (n > 0u) {
            compress(h, block, counted, 0);
        }
    }
    for (; n > BLOCK; n -= BLOCK, in += BLOCK) {
        counted += BLOCK;
        compress(h, in, counted, 0);
    }
    if (n > 0u || key_n == 0u) { /* what is left, padded; without key and message an empty block */
        memset(block, 0, sizeof block);
        if (n > 0u) {
            memcpy(block, in, n);
        }
        counted += n;
    }
    compress(h, block, counted, 0xFFFFFFFFu);
    for (uint32_t i = 0; i < digest_n; i++) {
        digest[i] = (uint8_t)(h[i / 4u] >> (8u * (i % 4u)));
    }
}

int32_t sw_same_bytes(const uint8_t *a, const uint8_t *b, uint32_t n)
{
    uint32_t differ = 0;
    for (uint32_t i = 0; i < n; i++) {
        differ |= (uint32_t)(a[i] ^ b[i]);
    }
    return differ == 0u;
}
