/* A small coverage-guided fuzzer for the decoder of the line: damaged streams, and crafted ones with right checksums.
 *
 * Usage: fuzz STREAMS SEED [DUMP]. Exit 0: all held; else one line says what did not. A line of figures on stdout.
 * Every stream must hold to three claims: what comes out was sent (damaged ones), or is what a second, plain decoder finds
 * (crafted ones); what stands whole between delimiters comes out, in order; and behind it all the next packet comes out.
 * Streams that reach code in a new order are kept and changed further. Rule: nothing of the decoder is used to judge it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plain.h"
#include "sw_framing.h"

#define POOL 48u
#define STREAM_MAX 1600u
#define KEPT_MAX 4096u
#define MAP_SIZE 4096u
#define GOT_MAX 256u
#define DUMP_EVERY 10u

typedef struct stream {
    uint32_t n;
    uint8_t bytes[STREAM_MAX];
} stream;

typedef struct sent {
    uint32_t line_n;
    uint8_t line[SW_LINE_MAX];
    sw_packet packet;
} sent;

static sent pool[POOL];
static stream kept[2][KEPT_MAX]; /* damaged, crafted */
static uint32_t n_kept[2];
static uint8_t seen[MAP_SIZE], hits[MAP_SIZE];
static uint32_t last_place;
static uint64_t random_state;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
    uint32_t place = (uint32_t)((uintptr_t)__builtin_return_address(0) * 2654435761u) >> 8;
    uint8_t *hit = &hits[(place ^ last_place) % MAP_SIZE];
    *hit = (uint8_t)(*hit + (*hit < 255u));
    last_place = place >> 1;
}

static uint32_t chance(uint32_t n) /* 0..n-1; splitmix64 */
{
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ (z >> 31)) >> 32) % n;
}

static void fail(const char *what, const stream *s)
{
    fprintf(stderr, "fuzz: %s:", what);
    for (uint32_t i = 0; i < s->n; i++) {
        fprintf(stderr, " %02x", s->bytes[i]);
    }
    fprintf(stderr, "\n");
    exit(1);
}

static int equal(const sw_packet *a, const sw_packet *b)
{
    const sw_packet_header *x = &a->header, *y = &b->header;
    return x->type == y->type && x->flags == y->flags && x->seq == y->seq && x->boot == y->boot && x->t_us == y->t_us &&
           x->version == y->version && a->payload_n == b->payload_n && memcmp(a->payload, b->payload, a->payload_n) == 0 &&
           memcmp(a->tag, b->tag, SW_TAG_BYTES) == 0;
}

static int body_is(const sw_packet *p, const uint8_t *body, uint32_t n)
{
    const sw_packet_header *h = &p->header;
    uint32_t tag_n = (h->flags & 1u) != 0u ? 0u : SW_TAG_BYTES;
    return n == 20u + p->payload_n + tag_n && body[0] == h->version && body[1] == h->type && body[2] == h->flags &&
           number(body + 4, 4) == h->seq && number(body + 8, 4) == h->boot && number(body + 12, 8) == h->t_us &&
           memcmp(body + 20, p->payload, p->payload_n) == 0 && memcmp(body + 20 + p->payload_n, p->tag, tag_n) == 0;
}

static uint32_t pool_index(const sw_packet *p)
{
    uint32_t i = p->header.seq;
    return i < POOL && equal(p, &pool[i].packet) ? i : POOL;
}

static uint32_t decode(const stream *s, uint32_t cut, sw_packet *got, sw_deframer *d)
{
    uint8_t *exact = malloc(s->n > 0u ? s->n : 1u); /* so that a byte read too many is noticed */
    uint32_t m = 0;
    int32_t is;
    memcpy(exact, s->bytes, s->n);
    for (uint32_t from = 0; from < s->n; from += cut) {
        uint32_t size = s->n - from < cut ? s->n - from : cut;
        for (uint32_t at = 0; at < size;) {
            at += sw_deframer_feed(d, exact + from + at, size - at, &got[m], &is);
            m += is != 0 && m + 1u < GOT_MAX;
        }
    }
    free(exact);
    return m;
}

/* Every claim of the file's head; returns the packets that came out, sets the counters. */
static uint32_t check(const stream *s, int crafted, sw_deframer_counters *counters)
{
    static sw_packet got[GOT_MAX], again[GOT_MAX];
    static uint8_t body[2 * STREAM_MAX];
    sw_deframer *d = malloc(sizeof *d), *e = malloc(sizeof *e); /* the allocator sees a byte written behind them */
    sw_deframer_init(d);
    sw_deframer_init(e);
    uint32_t n = decode(s, s->n + 1u, got, d), at = 0, body_n;
    *counters = d->counters;
    if (decode(s, 1u + chance(64), again, e) != n || memcmp(&d->counters, &e->counters, sizeof d->counters) != 0) {
        fail("another cut gives another result", s);
    }
    for (uint32_t i = 0; !crafted && i < n; i++) {
        if (pool_index(&got[i]) == POOL) {
            fail("a packet came out that was never sent", s);
        }
    }
    for (uint32_t from = 0, i = 0; i < s->n; i++) {
        if (s->bytes[i] != 0u) {
            continue;
        }
        if (plain_accepts(s->bytes + from, i - from, body, &body_n)) {
            if (at == n || !body_is(&got[at], body, body_n)) {
                fail("an intact packet did not come out", s);
            }
            at++;
        }
        from = i + 1u;
    }
    if (at != n) {
        fail("a packet came out that is not intact", s);
    }
    stream next;
    sw_packet *last = &pool[chance(POOL)].packet;
    const sent *one = &pool[last->header.seq];
    next.n = one->line_n + 1u;
    next.bytes[0] = 0;
    memcpy(next.bytes + 1, one->line, one->line_n);
    n = decode(&next, next.n, again, d);
    if (n == 0u || !equal(&again[n - 1u], last)) {
        fail("the next packet did not come out", s);
    }
    free(d);
    free(e);
    return at;
}

static void make_pool(void)
{
    static const uint8_t types[] = {SW_PACKET_HELLO, SW_PACKET_VITALS, SW_PACKET_PING, SW_PACKET_TRANSITION, SW_PACKET_ROOM};
    uint8_t key[SW_KEY_BYTES] = {7};
    for (uint32_t i = 0; i < POOL; i++) {
        sent *one = &pool[i];
        sw_packet_header *h = &one->packet.header;
        uint8_t type = types[i % sizeof types];
        uint32_t known_n = sw_packet_payload_bytes(type);
        h->version = SW_PROTOCOL_VERSION;
        h->type = type;
        h->flags = (uint8_t)(i % 3u == 0u ? 0u : SW_PACKET_FLAG_TAG_ABSENT);
        h->seq = i;
        h->boot = 0xB0070000u + chance(65536);
        h->t_us = (uint64_t)chance(1u << 30) * 1000u;
        one->packet.payload_n = i % 7u == 6u ? SW_PAYLOAD_MAX : known_n;
        for (uint32_t k = 0; k < one->packet.payload_n; k++) {
            one->packet.payload[k] = (uint8_t)(i % 2u == 0u ? 1u + chance(255) : chance(4));
        }
        one->line_n = sw_packet_seal(h, one->packet.payload, one->packet.payload_n, i % 3u == 0u ? key : 0, one->line);
        if (i % 3u == 0u) {
            uint8_t body[SW_LINE_MAX];
            int32_t body_n = plain_cobs(one->line, one->line_n - 1u, body);
            memcpy(one->packet.tag, body + body_n - (int32_t)(SW_TAG_BYTES + SW_CRC_BYTES), SW_TAG_BYTES);
        }
    }
}

static void put(stream *s, uint32_t at, const uint8_t *bytes, uint32_t n)
{
    if (s->n + n > STREAM_MAX) {
        return;
    }
    memmove(s->bytes + at + n, s->bytes + at, s->n - at);
    memcpy(s->bytes + at, bytes, n);
    s->n += n;
}

static void cut_out(stream *s, uint32_t at, uint32_t n)
{
    n = n < s->n - at ? n : s->n - at;
    memmove(s->bytes + at, s->bytes + at + n, s->n - at - n);
    s->n -= n;
}

/* One block is taken, changed inside, and given the right checksum again. */
static void craft(stream *s)
{
    uint8_t body[2 * STREAM_MAX], line[2 * STREAM_MAX];
    uint32_t from = chance(s->n + 1u), to;
    while (from > 0u && s->bytes[from - 1u] != 0u) {
        from--;
    }
    for (to = from; to < s->n && s->bytes[to] != 0u; to++) {
    }
    int32_t n = to - from <= SW_BLOCK_MAX ? plain_cobs(s->bytes + from, to - from, body) : -1;
    if (n < 24) {
        return;
    }
    uint32_t m = (uint32_t)n - 4u;
    switch (chance(4)) {
    case 0: body[chance(3)] = (uint8_t)chance(256); break; /* version, type, flags */
    case 1: body[chance(m)] = (uint8_t)chance(256); break;
    case 2: m -= chance(m < 40u ? m : 40u); break;
    default:
        for (uint32_t k = chance(20); k > 0u && m < SW_BODY_MAX; k--) {
            body[m++] = (uint8_t)chance(256);
        }
    }
    uint32_t crc = plain_crc(body, m);
    for (uint32_t k = 0; k < 4u; k++) {
        body[m++] = (uint8_t)((crc >> (8u * k)) & 255u);
    }
    uint32_t line_n = sw_cobs_encode(body, m, line);
    if (s->n - (to - from) + line_n <= STREAM_MAX) {
        cut_out(s, from, to - from);
        put(s, from, line, line_n);
    }
}

static void change(stream *s, int crafted)
{
    static const uint8_t odd[] = {0, 1, 2, 254, 255};
    uint32_t at = chance(s->n + 1u), k = chance(crafted ? 12u : 10u);
    uint8_t some[32];
    for (uint32_t i = 0; i < sizeof some; i++) {
        some[i] = (uint8_t)chance(256);
    }
    if (k == 0u && at < s->n) {
        s->bytes[at] ^= (uint8_t)(1u << chance(8));
    } else if (k == 1u && at < s->n) {
        s->bytes[at] = odd[chance(sizeof odd)];
    } else if (k == 2u) {
        cut_out(s, at, 1u + chance(2));
    } else if (k == 3u) {
        cut_out(s, at, 1u + chance(200));
    } else if (k == 4u) {
        put(s, at, some, 1u + chance(sizeof some));
    } else if (k == 5u) {
        put(s, at, odd + chance(sizeof odd), 1);
    } else if (k == 6u) {
        const sent *one = &pool[chance(POOL)];
        put(s, at, one->line, one->line_n);
    } else if (k == 7u) { /* a piece comes twice */
        uint8_t twice[300];
        uint32_t n = 1u + chance(sizeof twice);
        n = n < s->n - at ? n : s->n - at;
        memcpy(twice, s->bytes + at, n);
        put(s, chance(s->n + 1u), twice, n);
    } else if (k == 8u && n_kept[crafted] > 0u) { /* the end is another stream's */
        const stream *other = &kept[crafted][chance(n_kept[crafted])];
        uint32_t from = chance(other->n + 1u);
        s->n = at;
        put(s, at, other->bytes + from, other->n - from);
    } else if (k == 9u) {
        s->n = at;
    } else if (k >= 10u) {
        craft(s);
    }
}

static int is_new(void)
{
    int found = 0;
    for (uint32_t i = 0; i < MAP_SIZE; i++) {
        uint8_t hit = hits[i];
        if (hit != 0u) {
            uint8_t bucket = (uint8_t)(hit < 4u ? hit : hit < 16u ? 8u : hit < 64u ? 16u : 32u);
            found |= (seen[i] & bucket) != bucket;
            seen[i] |= bucket;
        }
    }
    return found;
}

static void dump(FILE *file, const stream *s, uint32_t n, const sw_deframer_counters *c)
{
    uint32_t head[10] = {s->n, n};
    memcpy(head + 2, c, sizeof *c);
    fwrite(head, sizeof head, 1, file);
    fwrite(s->bytes, s->n, 1, file);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: fuzz STREAMS SEED [DUMP]\n");
        return 2;
    }
    uint64_t n_streams = strtoull(argv[1], 0, 10), accepted = 0, rejected = 0;
    FILE *file = argc > 3 ? fopen(argv[3], "wb") : 0;
    random_state = strtoull(argv[2], 0, 10);
    make_pool();
    for (uint64_t i = 0; i < n_streams; i++) {
        stream s = {0};
        sw_deframer_counters c;
        int crafted = i % 4u == 3u;
        if (n_kept[crafted] > 0u && chance(4) > 0u) {
            s = kept[crafted][chance(n_kept[crafted])];
        } else {
            for (uint32_t k = 1u + chance(5); k > 0u; k--) {
                const sent *one = &pool[chance(POOL)];
                put(&s, s.n, one->line, one->line_n);
            }
        }
        for (uint32_t k = 1u + chance(6); k > 0u; k--) {
            change(&s, crafted);
        }
        memset(hits, 0, sizeof hits);
        last_place = 0;
        uint32_t n = check(&s, crafted, &c);
        accepted += n;
        rejected += c.too_long + c.bad_cobs + c.too_short + c.bad_crc + c.bad_version + c.bad_flags + c.unknown_type;
        if (is_new() && n_kept[crafted] < KEPT_MAX) {
            kept[crafted][n_kept[crafted]++] = s;
        }
        if (file != 0 && i % DUMP_EVERY == 0u) {
            dump(file, &s, n, &c);
        }
    }
    if (file != 0 && fclose(file) != 0) {
        return 2;
    }
    uint32_t places = 0;
    for (uint32_t i = 0; i < MAP_SIZE; i++) {
        places += seen[i] != 0u;
    }
    printf("{\"streams\": %llu, \"accepted\": %llu, \"rejected\": %llu, \"kept\": %u, \"places\": %u}\n",
           (unsigned long long)n_streams, (unsigned long long)accepted, (unsigned long long)rejected,
           n_kept[0] + n_kept[1], places);
    return 0;
}
