/* What the event machine remembers. For firmware.c, and for tests and probes that look inside.
 *
 * Rule: only firmware.c and the files it is split into write it.
 */
#ifndef SW_FIRMWARE_STATE_H
#define SW_FIRMWARE_STATE_H

#include "sw_alarm_clock.h"
#include "sw_bed_place.h"
#include "sw_calibrator.h"
#include "sw_delivery.h"
#include "sw_driver.h"
#include "sw_firmware.h"
#include "sw_framing.h"
#include "sw_health.h"
#include "sw_keeper.h"
#include "sw_outbox.h"
#include "sw_parts.h"
#include "sw_report.h"
#include "sw_trust.h"
#include "sw_uplink_policy.h"

#define SW_ANNOUNCEMENTS 3
#define SW_NONCES 8u
#define SW_GONE_RUNS 8u

/* Packets of one boot that were given up for one reason, in one piece. */
typedef struct sw_gone_run {
    uint32_t boot;
    uint32_t first;
    uint32_t last;  /* 0: no such run */
    uint32_t at;    /* of the GAP that said so last */
    uint32_t reason;
    uint32_t due;   /* 1: it is to be said (again) */
} sw_gone_run;

typedef struct sw_firmware_counters {
    uint32_t frames;             /* through the chain */
    uint32_t announcements;      /* boot HELLOs */
    uint32_t replies;            /* HELLO and PONG on request */
    uint32_t vitals;
    uint32_t transitions;
    uint32_t bytes_at_boot;      /* on the line, queued */
    uint32_t bytes_replied;
    uint32_t bytes_data;         /* data packets, live and sent again */
    uint32_t acks;
    uint32_t resent;             /* data packets sent again unasked, while streaming */
    uint32_t pulled;             /* ... handed over on request; their bytes are replies */
    uint32_t given_up;           /* ... that made room for newer ones */
    uint32_t calls;              /* HELLOs that call a host when there is something to tell */
    uint64_t state_us[SW_UPLINK_COUNT]; /* time spent in each uplink state */
} sw_firmware_counters;

struct sw_firmware {
    sw_hal hal;
    sw_chain_ops chain;
    int32_t error;               /* sw_error that stopped the machine, 0 while it runs */
    uint32_t boot;               /* random, not 0 */
    uint64_t nonce;              /* of the announcement, and of every answer while not paired */
    uint32_t config_hash;        /* of the config in force */
    sw_radar_config own_radar;   /* in force unless a host has ordered another */
    uint32_t announced;          /* HELLOs of the announcement sent */
    int32_t switch_on;           /* level of the standby switch, as it is understood */
    int32_t standby;             /* 1: by the switch, or by command */
    uint32_t failure_told;       /* driver failure the policy knows of */
    uint32_t failure_cause;      /* ... and its cause, SW_REASON_* */
    uint64_t made_up;            /* numbers made without entropy */
    uint32_t garbled_told;       /* bad packets of the host already noticed */
    uint32_t packets_told;       /* good ones by then */
    uint32_t dropped_told;       /* packets dropped for a slow line already noticed */
    uint32_t streamed_s;         /* seconds of this streaming, for as long as the host is watched */
    uint32_t waiting_s;          /* ... in a row at whose end the line had not taken everything */
    int32_t uart_waits;          /* more bytes were there than a step reads */
    uint64_t power_on_us;
    uint64_t last_step_us;
    uint64_t device_us;          /* last time that went into a packet or the policy */
    uint64_t second_us;          /* end of the second under way, chip time; 0 before the first frame */
    uint32_t unseen_s;           /* seconds in a row, about, in which lost frames hid whoever is there */
    uint64_t retry_us;           /* the line took less than offered: try again */
    sw_firmware_counters counters;
    sw_uplink_policy policy;
    sw_report report;
    sw_chain_out last;           /* of the last frame */
    sw_deframer deframer;
    sw_packet packet;            /* being received */
    sw_health health;            /* faults; sw_health_note() is all that a noticer calls */
    sw_outbox outbox;
    sw_ring ring;                /* data packets in flash */
    sw_ring thin;                /* ... the oldest of them without their waveforms */
    sw_delivery delivery;
    uint64_t stored_us;          /* the line gets no more stored packets before */
    uint32_t naming_to;          /* packets before this `at` are given up once this boot's packets up to named_by are kept */
    uint32_t named_by;
    uint32_t naming_failed;      /* 1: one of those could not be */
    uint32_t told_again;         /* GAPs of the sector that makes room whose content was said again */
    sw_gone_run gone[SW_GONE_RUNS];
    sw_keeper keeper;
    sw_trust trust;
    uint64_t rang_us;            /* until then the button was the alarm's, or down when the power came */
    sw_parts parts;
    sw_alarm_clock alarm;
    sw_calibrator calibrator;
    uint64_t taken[SW_NONCES];   /* nonces of the last orders that were taken: none is taken twice */
    uint32_t taken_n;
    uint32_t flash_begun;        /* operations of the flash, of all its stores */
    sw_bed_place bed;            /* the user's place, and what is learnt of it */
    uint32_t place_waits;        /* 1: a learnt place is not yet the chain's */
    sw_driver driver;
};

#endif
