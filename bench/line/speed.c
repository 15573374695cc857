/* Speed of the line's codec in C: CPU time of encoding and decoding VITALS, without and with a tag, and of the checksum.
 *
 * Usage: speed PACKETS. One line of JSON: packets/s. Whatever is computed is used, so that nothing is left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sw_framing.h"

#define DISTINCT 64u

static uint8_t payloads[DISTINCT][SW_PAYLOAD_MAX];
static uint32_t payload_n;

static double now_s(void) { return (double)clock() / CLOCKS_PER_SEC; }

static uint32_t encode(uint32_t n, const uint8_t *key, uint8_t *lines)
{
    uint32_t at = 0;
    sw_packet_header h = {.version = SW_PROTOCOL_VERSION, .type = SW_PACKET_VITALS, .boot = 0x12345678u};
    for (uint32_t i = 0; i < n; i++) {
        h.seq = i;
        h.t_us = 1000000ull * i;
        at += sw_packet_seal(&h, payloads[i % DISTINCT], payload_n, key, lines + at);
    }
    return at;
}

static uint32_t decode(const uint8_t *lines, uint32_t size, const uint8_t *key)
{
    static sw_deframer d;
    static sw_packet one;
    uint32_t n = 0;
    int32_t got;
    sw_deframer_init(&d);
    for (uint32_t at = 0; at < size;) {
        at += sw_deframer_feed(&d, lines + at, size - at, &one, &got);
        n += got != 0 && (key == 0 || sw_packet_genuine(&one, key) != 0);
    }
    return n;
}

int main(int argc, char **argv)
{
    uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], 0, 10) : 100000u, size, sum = 0;
    uint8_t *lines = malloc((size_t)n * SW_LINE_MAX);
    static const uint8_t key[SW_KEY_BYTES] = {1, 2, 3};
    const char *names[2] = {"", "_tagged"};
    payload_n = sw_packet_payload_bytes(SW_PACKET_VITALS);
    srand(1);
    for (uint32_t i = 0; i < DISTINCT; i++) {
        for (uint32_t k = 0; k < payload_n; k++) {
            payloads[i][k] = (uint8_t)(rand() % 4 == 0 ? 0 : rand());
        }
    }
    if (lines == 0 || n == 0u) {
        return 2;
    }
    printf("{");
    for (int tagged = 0; tagged < 2; tagged++) {
        double start_s = now_s();
        size = encode(n, tagged ? key : 0, lines);
        double encoded_s = now_s();
        if (decode(lines, size, tagged ? key : 0) != n) {
            return 1;
        }
        double decoded_s = now_s();
        printf("\"encode%s\": %.0f, \"decode%s\": %.0f, ", names[tagged], n / (encoded_s - start_s), names[tagged],
               n / (decoded_s - encoded_s));
    }
    double start_s = now_s();
    for (uint32_t i = 0; i < n; i++) {
        sum += sw_crc32(lines + (size_t)i * payload_n % (size / 2u), SW_HEADER_BYTES + payload_n);
    }
    printf("\"checksum\": %.0f, \"sum\": %u}\n", n / (now_s() - start_s), sum);
    free(lines);
    return 0;
}
