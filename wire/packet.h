/* Every packet of the serial line: the one table from which the C offsets and the Python dtype come.
 *
 * FIELD(type, name, count, lsb, unit): little-endian integers, serialised one by one. `type` is u8, u16,
 * u32, u64 or i16 (two's complement); the physical value is the integer times `lsb`.
 * Rule: a value that can be unknown has a validity (LSB 1/255) and a reason; unknown means validity 0,
 * value 0, reason not 0. A packet only ever grows at its end.
 *
 * On the line: COBS( header | payload | crc32 ) 0x00, payload at most 255 bytes, CRC-32 as in zlib.
 * The tables are read by the C preprocessor and, line by line, by wire/table.py: one FIELD, PACKET or
 * VALUE on a line. What a host says is in host_packet.h, the words that single bytes stand for are in words.h.
 */
#ifndef SW_WIRE_PACKET_H
#define SW_WIRE_PACKET_H

#define SW_PROTOCOL_VERSION 1

/* header flags */
#define SW_PACKET_FLAG_TAG_ABSENT 1 /* no authentication tag before the crc */
#define SW_PACKET_FLAG_RESENT 2     /* a data packet out of its turn: unacknowledged, or pulled */

/* device -> host: 1..63, host -> device: 64..127 */
#define SW_PACKET_HELLO 1      /* boot announcement, three times, and the answer to HOST_HELLO */
#define SW_PACKET_PONG 2       /* answer to PING */
#define SW_PACKET_VITALS 3     /* about once a second while streaming */
#define SW_PACKET_TRANSITION 4 /* the uplink policy enters or leaves streaming */
#define SW_PACKET_ALARM_EVENT 5 /* data: the alarm was armed, rang, was snoozed, dismissed or cancelled */
#define SW_PACKET_ALARM_STATE 6 /* answer to ALARM_SET, ALARM_CANCEL, ALARM_READ, RING */
#define SW_PACKET_SETTINGS 7    /* answer to SETTINGS_SET, SETTINGS_READ */
#define SW_PACKET_ROOM 8        /* data: temperature, humidity and light of the room, once a minute while streaming */
#define SW_PACKET_FAULT 9       /* data: the device noticed a fault, or that one is over */
#define SW_PACKET_HEALTH 10     /* answer to HEALTH_READ */
#define SW_PACKET_CALIBRATION 11 /* answer to CALIBRATE, CALIBRATION_READ */
#define SW_PACKET_GAP 12        /* data: what the device no longer keeps, and why */
#define SW_PACKET_ORDERS 14     /* answer to ORDERS_READ, STANDBY, WAKE_WINDOW, NIGHT_LIGHT */
#define SW_PACKET_RADAR 15      /* answer to RADAR_SET, RADAR_READ */
#define SW_PACKET_REFUSE 13     /* answer to a HOST_HELLO with which the device cannot talk */
#define SW_PACKET_PAIRED 32     /* answer to PAIR */
#define SW_PACKET_HOST_HELLO 64
#define SW_PACKET_PING 65
#define SW_PACKET_ACK 66       /* everything up to seq is committed */
#define SW_PACKET_PULL 67      /* hand over stored packets, also in a silence */
#define SW_PACKET_TIME 68      /* the host's clock; counts within 2 s of the device nonce it answers */
#define SW_PACKET_ALARM_SET 69
#define SW_PACKET_ALARM_CANCEL 70
#define SW_PACKET_ALARM_READ 71
#define SW_PACKET_RING 72      /* adds an earlier ring; never moves or cancels the deadline */
#define SW_PACKET_SETTINGS_SET 73
#define SW_PACKET_SETTINGS_READ 74
#define SW_PACKET_HEALTH_READ 75
#define SW_PACKET_CALIBRATE 76
#define SW_PACKET_CALIBRATION_READ 77
#define SW_PACKET_SNOOZE 78    /* as a short press of the button; answered with ALARM_STATE */
#define SW_PACKET_ORDERS_READ 79
#define SW_PACKET_STANDBY 80   /* standby by command: the switch wins */
#define SW_PACKET_WAKE_WINDOW 81 /* how long before the set time a RING may be */
#define SW_PACKET_NIGHT_LIGHT 82
#define SW_PACKET_RADAR_SET 83 /* another radar configuration; all 0: the device's own */
#define SW_PACKET_RADAR_READ 84
#define SW_PACKET_PAIR 96      /* a new key, from both ends; only with the button held, or the first */

/* PACKET(NAME, name): its number is SW_PACKET_NAME, its fields are SW_NAME_FIELDS */
#define SW_PACKETS(PACKET) \
    PACKET(HELLO, hello) \
    PACKET(PONG, pong) \
    PACKET(VITALS, vitals) \
    PACKET(TRANSITION, transition) \
    PACKET(ALARM_EVENT, alarm_event) \
    PACKET(ALARM_STATE, alarm_state) \
    PACKET(SETTINGS, settings) \
    PACKET(ROOM, room) \
    PACKET(FAULT, fault) \
    PACKET(HEALTH, health) \
    PACKET(CALIBRATION, calibration) \
    PACKET(GAP, gap) \
    PACKET(ORDERS, orders) \
    PACKET(RADAR, radar) \
    PACKET(REFUSE, refuse) \
    PACKET(PAIRED, paired) \
    PACKET(HOST_HELLO, host_hello) \
    PACKET(PING, ping) \
    PACKET(ACK, ack) \
    PACKET(PULL, pull) \
    PACKET(TIME, time) \
    PACKET(ALARM_SET, alarm_set) \
    PACKET(ALARM_CANCEL, alarm_cancel) \
    PACKET(ALARM_READ, alarm_read) \
    PACKET(RING, ring) \
    PACKET(SETTINGS_SET, settings_set) \
    PACKET(SETTINGS_READ, settings_read) \
    PACKET(HEALTH_READ, health_read) \
    PACKET(CALIBRATE, calibrate) \
    PACKET(CALIBRATION_READ, calibration_read) \
    PACKET(SNOOZE, snooze) \
    PACKET(ORDERS_READ, orders_read) \
    PACKET(STANDBY, standby) \
    PACKET(WAKE_WINDOW, wake_window) \
    PACKET(NIGHT_LIGHT, night_light) \
    PACKET(RADAR_SET, radar_set) \
    PACKET(RADAR_READ, radar_read) \
    PACKET(PAIR, pair)

#define SW_HEADER_FIELDS(FIELD) \
    FIELD(u8, version, 1, 1, "SW_PROTOCOL_VERSION") \
    FIELD(u8, type, 1, 1, "SW_PACKET_*") \
    FIELD(u8, flags, 1, 1, "SW_PACKET_FLAG_*") \
    FIELD(u8, reserved, 1, 1, "always 0") \
    FIELD(u32, seq, 1, 1, "per boot, data packets from 1; 0 on replies, announcements and host packets") \
    FIELD(u32, boot, 1, 1, "random number of this boot; 0 in host packets") \
    FIELD(u64, t_us, 1, 1, "us, device time; 0 in host packets")

#define SW_HELLO_FIELDS(FIELD) \
    FIELD(u64, device_id, 1, 1, "the same in every boot of a device") \
    FIELD(u64, nonce, 1, 1, "device nonce of this boot") \
    FIELD(u32, config_hash, 1, 1, "crc32 of the radar config") \
    FIELD(u32, parameters_hash, 1, 1, "crc32 of the chain's parameters") \
    FIELD(u8, protocol_oldest, 1, 1, "oldest protocol version it speaks") \
    FIELD(u8, protocol_newest, 1, 1, "newest protocol version it speaks") \
    FIELD(u64, host_nonce, 1, 1, "echo of the HOST_HELLO it answers; 0 in the boot announcement") \
    FIELD(u32, oldest_seq, 1, 1, "oldest data packet it still keeps; 0 none") \
    FIELD(u32, newest_seq, 1, 1, "newest data packet of this boot; 0 none") \
    FIELD(u32, oldest_boot, 1, 1, "boot of the oldest data packet it keeps, of any boot; 0 none") \
    FIELD(u32, stored, 1, 1, "data packets it keeps, of all boots") \
    FIELD(u32, layout_digest, 1, 1, "of its packet tables in protocol_newest")

#define SW_PONG_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "echo of the PING") \
    FIELD(u64, device_nonce, 1, 1, "fresh: a TIME that answers it within 2 s counts") \
    FIELD(u32, oldest_seq, 1, 1, "oldest data packet it still keeps; 0 none") \
    FIELD(u32, newest_seq, 1, 1, "newest data packet of this boot; 0 none") \
    FIELD(u32, oldest_boot, 1, 1, "boot of the oldest data packet it keeps, of any boot; 0 none") \
    FIELD(u32, stored, 1, 1, "data packets it keeps, of all boots")

#define SW_VITALS_FIELDS(FIELD) \
    FIELD(u32, frame, 1, 1, "frames since frame start") \
    FIELD(u8, state, 1, 1, "SW_UPLINK_*") \
    FIELD(u8, flags, 1, 1, "1 saturated, 2 gap before") \
    FIELD(u8, confidence, 1, 1/255, "P(person in the user's place)") \
    FIELD(u16, respiration_rate, 1, 0.01, "per minute") \
    FIELD(u8, respiration_validity, 1, 1/255, "P(|rate - truth| <= 1 per minute)") \
    FIELD(u8, respiration_reason, 1, 1, "SW_REASON_*") \
    FIELD(u8, motion_class, 1, 1, "SW_MOTION_*") \
    FIELD(u16, motion, 1, 0.1, "dB over the still level") \
    FIELD(u8, motion_validity, 1, 1/255, "P(right class)") \
    FIELD(u8, motion_reason, 1, 1, "SW_REASON_*") \
    FIELD(u16, distance, 1, 1, "mm") \
    FIELD(u8, distance_validity, 1, 1/255, "P(distance is the chest's)") \
    FIELD(i16, azimuth, 1, 0.01, "degree, + towards RX1") \
    FIELD(i16, elevation, 1, 0.01, "degree, + towards RX2") \
    FIELD(u8, direction_validity, 1, 1/255, "P(direction is the chest's)") \
    FIELD(u8, position_reason, 1, 1, "SW_REASON_*") \
    FIELD(u16, range_bin, 1, 1, "range bin of the strongest breathing") \
    FIELD(u8, quality_breathing, 1, 1/255, "0 worst, 1 best") \
    FIELD(u8, quality_motion, 1, 1/255, "0 worst, 1 best") \
    FIELD(u8, wave_validity, 1, 1/255, "P(wave is breathing)") \
    FIELD(u8, wave_reason, 1, 1, "SW_REASON_*") \
    FIELD(u8, wave_n, 1, 1, "samples used") \
    FIELD(i16, wave, 16, 1, "um at 10 samples/s, oldest first, + towards the radar") \
    FIELD(u64, wave_t_us, 1, 1, "us, time of the first sample, filter delay already subtracted")

/* VALUE(field, validity, reason): the field is unknown, for that reason, where its validity is 0 */
#define SW_VITALS_VALUES(VALUE) \
    VALUE(respiration_rate, respiration_validity, respiration_reason) \
    VALUE(motion_class, motion_validity, motion_reason) \
    VALUE(motion, motion_validity, motion_reason) \
    VALUE(distance, distance_validity, position_reason) \
    VALUE(azimuth, direction_validity, position_reason) \
    VALUE(elevation, direction_validity, position_reason) \
    VALUE(wave, wave_validity, wave_reason)

#define SW_TRANSITION_FIELDS(FIELD) \
    FIELD(u8, from_state, 1, 1, "SW_UPLINK_*") \
    FIELD(u8, to_state, 1, 1, "SW_UPLINK_*") \
    FIELD(u8, reason, 1, 1, "SW_REASON_*") \
    FIELD(u64, silent_from_us, 1, 1, "us; 0 unless a silence ends") \
    FIELD(u64, silent_to_us, 1, 1, "us; 0 unless a silence ends") \
    FIELD(u8, silent_reason, 1, 1, "SW_REASON_*, why it was silent; 0 unless a silence ends") \
    FIELD(u64, utc_us, 1, 1, "us since 1970, device clock; 0: clock unknown")

#define SW_ALARM_EVENT_FIELDS(FIELD) \
    FIELD(u8, event, 1, 1, "SW_ALARM_DID_*") \
    FIELD(u8, by, 1, 1, "SW_ALARM_BY_*") \
    FIELD(u8, reason, 1, 1, "SW_REASON_*") \
    FIELD(u64, utc_us, 1, 1, "us since 1970, device clock; 0: clock unknown") \
    FIELD(u64, set_for_utc_us, 1, 1, "us since 1970, the deadline; 0 none")

#define SW_ALARM_STATE_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "echo of the question") \
    FIELD(u8, state, 1, 1, "SW_ALARM_*") \
    FIELD(u8, stored, 1, 1, "1: read back from flash just now and equal; 0: not in flash") \
    FIELD(u8, clock, 1, 1, "SW_CLOCK_*: where its UTC comes from") \
    FIELD(u8, reason, 1, 1, "SW_REASON_*, why the question was refused, or why it rang; 0 none") \
    FIELD(u64, set_for_utc_us, 1, 1, "us since 1970, the armed deadline; 0 none") \
    FIELD(u64, next_ring_utc_us, 1, 1, "us since 1970, the earliest ring asked for or due; 0 none") \
    FIELD(u64, rang_at_utc_us, 1, 1, "us since 1970, the last ring of this alarm; 0 none") \
    FIELD(u8, rung_by, 1, 1, "SW_ALARM_BY_*") \
    FIELD(u16, sunrise_s, 1, 1, "s, length of the wake-up light before the deadline; 0 none") \
    FIELD(u64, utc_us, 1, 1, "us since 1970, device clock now; 0: unknown")

#define SW_SETTINGS_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "echo of the question") \
    FIELD(u8, side, 1, 1, "SW_SIDE_*") \
    FIELD(u8, stored, 1, 1, "1: read back from flash just now and equal") \
    FIELD(u8, bed_learnt, 1, 1, "1: the bed's range and angles are known from an earlier night")

#define SW_ROOM_FIELDS(FIELD) \
    FIELD(i16, temperature, 1, 0.01, "degree Celsius") \
    FIELD(u8, temperature_validity, 1, 1/255, "1: measured and its check is right") \
    FIELD(u8, temperature_reason, 1, 1, "SW_REASON_*") \
    FIELD(u16, humidity, 1, 0.01, "percent, relative") \
    FIELD(u8, humidity_validity, 1, 1/255, "1: measured and its check is right") \
    FIELD(u8, humidity_reason, 1, 1, "SW_REASON_*") \
    FIELD(u32, light, 1, 0.01, "lux") \
    FIELD(u8, light_validity, 1, 1/255, "1: measured") \
    FIELD(u8, light_reason, 1, 1, "SW_REASON_*")

#define SW_ROOM_VALUES(VALUE) \
    VALUE(temperature, temperature_validity, temperature_reason) \
    VALUE(humidity, humidity_validity, humidity_reason) \
    VALUE(light, light_validity, light_reason)

#define SW_FAULT_FIELDS(FIELD) \
    FIELD(u8, reason, 1, 1, "SW_REASON_*, which fault") \
    FIELD(u8, present, 1, 1, "1: noticed just now; 0: over") \
    FIELD(u16, times, 1, 1, "how often it was noticed in this boot, this time included") \
    FIELD(u64, from_us, 1, 1, "us, device time when it was noticed") \
    FIELD(u64, to_us, 1, 1, "us, when it was seen last; 0 while it is present")

#define SW_HEALTH_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "echo of the question") \
    FIELD(u8, reset_cause, 1, 1, "SW_RESET_*, why this boot began") \
    FIELD(u16, changes, 1, 1, "faults that began or ended in this boot") \
    FIELD(u8, present, 16, 1, "SW_REASON_* of the faults that are present, most important first; 0 none") \
    FIELD(u8, past, 16, 1, "SW_REASON_* of faults of this boot that are over, latest first; 0 none") \
    FIELD(i16, chip_temperature, 1, 0.01, "degree Celsius, of the radar chip's die, once a minute, in steps of 5 degrees") \
    FIELD(u8, chip_temperature_validity, 1, 1/255, "1: measured within the last 3 minutes") \
    FIELD(u8, chip_temperature_reason, 1, 1, "SW_REASON_*")

#define SW_HEALTH_VALUES(VALUE) \
    VALUE(chip_temperature, chip_temperature_validity, chip_temperature_reason)

#define SW_CALIBRATION_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "echo of the question") \
    FIELD(u8, state, 1, 1, "SW_CALIBRATION_*") \
    FIELD(u8, stored, 1, 1, "SW_PROCEDURE_* bits (1 empty room, 2 corner) read back from flash just now and equal") \
    FIELD(u8, reason, 1, 1, "SW_REASON_*, why the last procedure failed; 0 none") \
    FIELD(u8, progress, 1, 1/255, "of the procedure under way") \
    FIELD(i16, gain_rx2, 1, 0.001, "dB over RX1, measured with the reflector") \
    FIELD(i16, gain_rx3, 1, 0.001, "dB over RX1") \
    FIELD(i16, phase_rx2, 1, 0.01, "degree after RX1") \
    FIELD(i16, phase_rx3, 1, 0.01, "degree after RX1") \
    FIELD(u16, error_before, 1, 0.01, "degree, angle of the reflector as seen without the correction") \
    FIELD(u16, error_after, 1, 0.01, "degree, with it") \
    FIELD(u16, residue_before, 1, 0.01, "counts rms, still echoes of the empty room before their removal") \
    FIELD(u16, residue_after, 1, 0.01, "counts rms, after it")

#define SW_GAP_FIELDS(FIELD) \
    FIELD(u32, boot, 1, 1, "boot whose packets it names; the header's is that of this packet") \
    FIELD(u32, first, 1, 1, "first seq") \
    FIELD(u32, last, 1, 1, "last seq") \
    FIELD(u8, reason, 1, 1, "SW_REASON_*") \
    FIELD(u8, what, 1, 1, "SW_GAP_*: what of them is gone")

#define SW_ORDERS_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "echo of the question") \
    FIELD(u8, stored, 1, 1, "1: a reboot finds the same: read back from flash just now, or there is nothing to keep") \
    FIELD(u8, reason, 1, 1, "SW_REASON_*, why the question was refused; 0 none") \
    FIELD(u8, standby, 1, 1, "SW_STANDBY_* bits (1 switch, 2 command); 0: not in standby") \
    FIELD(u16, wake_window, 1, 1, "s before the set time in which a RING is taken; 65535: any time before it") \
    FIELD(u8, night_light, 1, 1/255, "of the sunrise; 0 off") \
    FIELD(u16, light_left, 1, 1, "s until the night light goes out; 65535: that or more; 0 off")

#define SW_RADAR_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "echo of the question") \
    FIELD(u8, stored, 1, 1, "1: a reboot finds the same: read back from flash just now, or there is nothing to keep") \
    FIELD(u8, reason, 1, 1, "SW_REASON_*, why the question was refused; 0 none") \
    FIELD(u8, ordered, 1, 1, "1: this config came from a host; 0: it is the device's own") \
    FIELD(u8, in_force, 1, 1, "1: the radar is set up with it; 0: it is about to be") \
    FIELD(u32, config_hash, 1, 1, "crc32 of the radar config, as in HELLO") \
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

#define SW_REFUSE_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "echo of the question, HOST_HELLO or another") \
    FIELD(u8, reason, 1, 1, "SW_REFUSAL_*") \
    FIELD(u8, protocol_oldest, 1, 1, "oldest protocol version the device speaks") \
    FIELD(u8, protocol_newest, 1, 1, "newest protocol version the device speaks")

#define SW_PAIRED_FIELDS(FIELD) \
    FIELD(u64, nonce, 1, 1, "echo of the question") \
    FIELD(u8, state, 1, 1, "SW_PAIRING_*") \
    FIELD(u64, device_id, 1, 1, "the same in every boot of a device; 0 when refused") \
    FIELD(u8, part, 32, 1, "random, the device's half of the key; 0 when refused")

#include "host_packet.h"

#endif
