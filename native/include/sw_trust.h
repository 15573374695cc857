/* Who may speak to the device: its key, the sessions made of it, and pairing.
 *
 * A device without a key is *unpaired*: it tells who it is and takes a key; nothing else that is said to it counts. A *paired*
 * one heeds, beside HOST_HELLO and PAIR, only packets that bear the tag of a session and a number (seq) above every one before. HOST_HELLO opens a session that
 * takes the place of the present one only when its first genuine packet comes: so a stranger's HOST_HELLO changes nothing.
 * *Locked*: the flash is not read yet, or its key is damaged: it heeds nobody but a PAIR with the button held.
 * *Open*: for the laboratory; a record without a device_id, which only somebody with the flash in his hands can write. It
 * heeds anybody, and nothing bears a tag.
 * Rule: the key leaves this struct for its own flash sectors alone, never for a packet.
 */
#ifndef SW_TRUST_H
#define SW_TRUST_H

#include <stdint.h>
#include "sw_flash_store.h"
#include "sw_framing.h"
#include "sw_hal.h"

#define SW_TRUST_SECTOR 4u       /* and the next: behind settings (0, 1) and calibration (2, 3) */
#define SW_TRUST_LOAD_US 5000u   /* the flash was busy: again after this */

typedef struct sw_session {
    uint8_t key[SW_KEY_BYTES];
    uint32_t open;     /* 1: there is one */
    uint32_t last_seq; /* the host's highest number so far */
} sw_session;

typedef enum sw_trust_state { SW_TRUST_LOCKED = 0, SW_TRUST_UNPAIRED, SW_TRUST_PAIRED, SW_TRUST_OPEN } sw_trust_state;
typedef enum sw_admitted { SW_ADMITTED_NOT = 0, SW_ADMITTED, SW_ADMITTED_FIRST } sw_admitted;

typedef struct sw_trust {
    sw_trust_state state;
    uint64_t device_id;      /* 0: not paired */
    uint8_t key[SW_KEY_BYTES];
    sw_session current;      /* has heard its host */
    sw_session pending;      /* HOST_HELLO was answered, nothing genuine came since */
    uint32_t untagged;       /* packets of a host refused: without a tag, ... */
    uint32_t forged;         /* ... with a wrong one, ... */
    uint32_t replayed;       /* ... with a right one and a number that was used */
    uint32_t pairing;        /* SW_PAIRING_* of the last PAIR taken */
    uint64_t pair_nonce;     /* ... 0: none */
    uint8_t pair_part[SW_KEY_BYTES];
    uint64_t at_us;          /* next step; UINT64_MAX none */
    uint32_t loaded;         /* 1: the flash was read */
    sw_flash_store store;
    uint8_t record[SW_STORE_SLOT_BYTES];
} sw_trust;

/* Locked; the first step reads the flash. */
void sw_trust_init(sw_trust *t);
/* At at_us. */
void sw_trust_step(sw_trust *t, const sw_hal *hal, uint64_t now_us);
/* Opens the pending session of this HOST_HELLO and HELLO. Returns its key; NULL: not paired. */
const uint8_t *sw_trust_open(sw_trust *t, uint64_t device_nonce, uint64_t host_nonce, uint32_t boot);
/* What seals a packet now; NULL: no tag. */
const uint8_t *sw_trust_key(const sw_trust *t);
/* 1: there is somebody whom data may be for. */
int32_t sw_trust_has_host(const sw_trust *t);
/* Whether to heed a packet other than HOST_HELLO and PAIR. FIRST: it is the first of its session. */
sw_admitted sw_trust_admit(sw_trust *t, const sw_packet *packet);
/* PAIR. held: the button is, and means this. Fills in the answer; 0: there is none. */
int32_t sw_trust_pair(sw_trust *t, const sw_hal *hal, uint64_t now_us, int32_t held, const sw_packet_pair *pair,
                      sw_packet_paired *answer);

#endif
