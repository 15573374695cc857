/* Every packet of a host: the second half of the table that packet.h begins and explains.
 *
 * Rule: as in packet.h. Numbers and the list of all packets stand there.
 */
#ifndef SW_WIRE_HOST_PACKET_H
#define SW_WIRE_HOST_PACKET_H

#define SW_HOST_HELLO_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0") \
    FIELD(u64, utc_us, 1, 1, "us since 1970, host clock") \
    FIELD(u8, protocol_oldest, 1, 1, "oldest protocol version it speaks") \
    FIELD(u8, protocol_newest, 1, 1, "newest protocol version it speaks") \
    FIELD(u32, layout_digest, 1, 1, "of its packet tables in protocol_newest")

#define SW_PING_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0")

#define SW_ACK_FIELDS(FIELD) \
    FIELD(u32, boot, 1, 1, "boot the sequence belongs to") \
    FIELD(u32, seq, 1, 1, "cumulative") \
    FIELD(u32, sack, 1, 1, "bit i: packet seq + 2 + i is committed, too") \
    FIELD(u16, credit, 1, 1, "packets after seq that the host takes now")

#define SW_PULL_FIELDS(FIELD) \
    FIELD(u32, boot, 1, 1, "boot the sequence belongs to") \
    FIELD(u32, seq, 1, 1, "first data packet wanted") \
    FIELD(u8, count, 1, 1, "at most so many packets")

#define SW_TIME_FIELDS(FIELD) \
    FIELD(u64, device_nonce, 1, 1, "the PONG's fresh nonce, used once") \
    FIELD(u64, utc_us, 1, 1, "us since 1970, host clock")

#define SW_ALARM_SET_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0") \
    FIELD(u64, set_for_utc_us, 1, 1, "us since 1970, the deadline") \
    FIELD(u16, sunrise_s, 1, 1, "s, length of the wake-up light before the deadline; 0 none")

#define SW_ALARM_CANCEL_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0")

#define SW_ALARM_READ_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0")

#define SW_RING_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0") \
    FIELD(u64, utc_us, 1, 1, "us since 1970, when to ring; 0: now. Ignored unless before the deadline")

#define SW_SETTINGS_SET_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0") \
    FIELD(u8, side, 1, 1, "SW_SIDE_*")

#define SW_SETTINGS_READ_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0")

#define SW_HEALTH_READ_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0")

#define SW_CALIBRATE_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0") \
    FIELD(u8, procedure, 1, 1, "SW_PROCEDURE_*") \
    FIELD(u16, distance, 1, 1, "mm, of the corner reflector") \
    FIELD(i16, azimuth, 1, 0.01, "degree, of the corner reflector") \
    FIELD(i16, elevation, 1, 0.01, "degree, of the corner reflector")

#define SW_CALIBRATION_READ_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0")

#define SW_SNOOZE_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0")

#define SW_ORDERS_READ_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0")

#define SW_STANDBY_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0") \
    FIELD(u8, on, 1, 1, "1: into standby; 0: out of a standby that was commanded")

#define SW_WAKE_WINDOW_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0") \
    FIELD(u16, wake_window, 1, 1, "s before the set time; 0: no RING is taken; 65535: any time before it")

#define SW_NIGHT_LIGHT_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0") \
    FIELD(u8, night_light, 1, 1/255, "of the sunrise, colour and brightness; 0 off") \
    FIELD(u16, duration, 1, 1, "s until it goes out; 0: half an hour")

#define SW_RADAR_SET_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0") \
    FIELD(u8, rx_mask, 1, 1, "bit 0 RX1, bit 1 RX2, bit 2 RX3") \
    FIELD(u16, n_samples, 1, 1, "per chirp and antenna") \
    FIELD(u16, n_chirps, 1, 1, "per frame") \
    FIELD(u32, sample_rate, 1, 1, "Hz") \
    FIELD(u32, start, 1, 1, "kHz, sweep, declared") \
    FIELD(u32, end, 1, 1, "kHz") \
    FIELD(u32, chirp_period, 1, 1, "ns") \
    FIELD(u32, frame_period, 1, 1, "ns") \
    FIELD(u8, tx_power_level, 1, 1, "0..31") \
    FIELD(u8, if_gain, 1, 1, "dB") \
    FIELD(u16, hp_cutoff, 1, 1, "kHz")

#define SW_RADAR_READ_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0")

#define SW_PAIR_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "fresh host nonce, never 0; the same when it asks again") \
    FIELD(u8, part, 32, 1, "random, the host's half of the key")

#endif
