/* Key, sessions, pairing. See sw_trust.h.
 *
 * Rule: a packet is heeded for what it proves, never for what it says of itself.
 */
#include "sw_trust.h"

#include <string.h>

#include "sw_blake2s.h"

#define NEVER UINT64_MAX
#define FIRST_HOST_TYPE 64u

/* the record's content */
#define AT_ID (SW_STORE_CONTENT_AT)
#define AT_KEY (SW_STORE_CONTENT_AT + 8u)

static void put(uint8_t *to, uint64_t value, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (uint8_t)(value >> (8u * i));
    }
}

static uint64_t get64(const uint8_t *from)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < 8u; i++) {
        value |= (uint64_t)from[i] << (8u * i);
    }
    return value;
}

void sw_trust_init(sw_trust *t) { memset(t, 0, sizeof *t); }

static void take_record(sw_trust *t)
{
    t->device_id = get64(t->record + AT_ID);
    memcpy(t->key, t->record + AT_KEY, SW_KEY_BYTES);
    t->state = t->device_id == 0u ? SW_TRUST_OPEN : SW_TRUST_PAIRED;
    t->current.open = 0;
    t->pending.open = 0;
}

static void load(sw_trust *t, const sw_hal *hal, uint64_t now_us)
{
    int32_t found = sw_flash_store_load(&t->store, hal, SW_TRUST_SECTOR, SW_STORE_SLOT_BYTES, t->record);
    if (found < 0) { /* who cannot read its key knows nobody */
        t->at_us = now_us + SW_TRUST_LOAD_US;
        return;
    }
    t->at_us = NEVER;
    t->loaded = 1;
    if (found > 0) {
        take_record(t);
    } else {
        t->state = t->store.damaged > 0u ? SW_TRUST_LOCKED : SW_TRUST_UNPAIRED;
    }
}

void sw_trust_step(sw_trust *t, const sw_hal *hal, uint64_t now_us)
{
    if (!t->loaded) {
        load(t, hal, now_us);
        return;
    }
    sw_store_result result = sw_flash_store_step(&t->store, hal, now_us, t->record);
    t->at_us = t->store.poll_us;
    if (result == SW_STORE_WRITTEN) {
        take_record(t);
        t->pairing = SW_PAIRING_STORED;
    } else if (result == SW_STORE_FAILED) {
        t->pairing = SW_PAIRING_FLASH_FAILED;
        memset(t->pair_part, 0, sizeof t->pair_part);
    }
}

/* BLAKE2s(key = K, device nonce | host nonce | boot | "SW1") */
const uint8_t *sw_trust_open(sw_trust *t, uint64_t device_nonce, uint64_t host_nonce, uint32_t boot)
{
    uint8_t said[23];
    if (t->state != SW_TRUST_PAIRED) {
        return 0;
    }
    put(said, device_nonce, 8);
    put(said + 8, host_nonce, 8);
    put(said + 16, boot, 4);
    memcpy(said + 20, "SW1", 3);
    sw_blake2s(t->pending.key, SW_KEY_BYTES, t->key, SW_KEY_BYTES, said, sizeof said);
    t->pending.open = 1;
    t->pending.last_seq = 0;
    return t->pending.key;
}

const uint8_t *sw_trust_key(const sw_trust *t)
{
    if (t->current.open) {
        return t->current.key;
    }
    return t->pending.open ? t->pending.key : 0;
}

int32_t sw_trust_has_host(const sw_trust *t) { return t->state == SW_TRUST_PAIRED || t->state == SW_TRUST_OPEN; }

static int32_t is_genuine(const sw_session *s, const sw_packet *packet)
{
    return s->open && sw_packet_genuine(packet, s->key);
}

sw_admitted sw_trust_admit(sw_trust *t, const sw_packet *packet)
{
    sw_admitted admitted = SW_ADMITTED;
    if ((packet->header.flags & (uint32_t)SW_PACKET_FLAG_TAG_ABSENT) != 0u) {
        t->untagged += t->state != SW_TRUST_OPEN;
        return t->state == SW_TRUST_OPEN ? SW_ADMITTED : SW_ADMITTED_NOT;
    }
    if (packet->header.type < FIRST_HOST_TYPE) { /* the device's own, thrown back: its tag is right */
        t->forged++;
        return SW_ADMITTED_NOT;
    }
    if (!is_genuine(&t->current, packet)) {
        if (!is_genuine(&t->pending, packet)) {
            t->forged++;
            return SW_ADMITTED_NOT;
        }
        admitted = SW_ADMITTED_FIRST;
    }
    sw_session *s = admitted == SW_ADMITTED_FIRST ? &t->pending : &t->current;
    if (packet->header.seq <= s->last_seq) {
        t->replayed++;
        return SW_ADMITTED_NOT;
    }
    s->last_seq = packet->header.seq;
    if (admitted == SW_ADMITTED_FIRST) {
        t->current = t->pending;
        t->pending.open = 0;
        t->pair_nonce = 0; /* both ends have the key */
        memset(t->pair_part, 0, sizeof t->pair_part);
    }
    return admitted;
}

/* The host's half is the key of the hash, the device's half the message: neither end alone makes the key. */
static uint32_t begin_pairing(sw_trust *t, const sw_hal *hal, uint64_t now_us, int32_t held, const sw_packet_pair *pair)
{
    uint8_t said[SW_KEY_BYTES + 3u];
    uint8_t id[8];
    if (t->state != SW_TRUST_UNPAIRED && t->state != SW_TRUST_OPEN && !held) {
        return SW_PAIRING_REFUSED;
    }
    if (!t->loaded || t->store.state != SW_STORE_IDLE) {
        return SW_PAIRING_FLASH_FAILED;
    }
    if (hal->entropy_read(hal->entropy, t->pair_part, SW_KEY_BYTES) < 0 || hal->entropy_read(hal->entropy, id, 8) < 0) {
        memset(t->pair_part, 0, sizeof t->pair_part);
        return SW_PAIRING_NO_ENTROPY;
    }
    memcpy(said, t->pair_part, SW_KEY_BYTES);
    memcpy(said + SW_KEY_BYTES, "SW1", 3);
    memset(t->record + SW_STORE_CONTENT_AT, 0, SW_STORE_BYTES);
    put(t->record + AT_ID, t->state == SW_TRUST_PAIRED ? t->device_id : get64(id) | 1u, 8);
    sw_blake2s(t->record + AT_KEY, SW_KEY_BYTES, pair->part, SW_KEY_BYTES, said, sizeof said);
    t->pair_nonce = pair->nonce;
    sw_flash_store_write(&t->store, hal, now_us, t->record);
    t->at_us = t->store.poll_us;
    return SW_PAIRING_STORING;
}

int32_t sw_trust_pair(sw_trust *t, const sw_hal *hal, uint64_t now_us, int32_t held, const sw_packet_pair *pair,
                      sw_packet_paired *answer)
{
    uint32_t state = t->pairing;
    if (pair->nonce == 0u) {
        return 0;
    }
    if (pair->nonce != t->pair_nonce) {
        state = t->pairing == SW_PAIRING_STORING ? SW_PAIRING_REFUSED : begin_pairing(t, hal, now_us, held, pair);
        t->pairing = state == SW_PAIRING_STORING ? state : t->pairing;
    }
    memset(answer, 0, sizeof *answer);
    answer->nonce = pair->nonce;
    answer->state = (uint8_t)state;
    if (state == SW_PAIRING_STORING || state == SW_PAIRING_STORED) {
        answer->device_id = state == SW_PAIRING_STORED ? t->device_id : get64(t->record + AT_ID);
        memcpy(answer->part, t->pair_part, SW_KEY_BYTES);
    }
    return 1;
}
