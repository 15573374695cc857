/* Every number of the signal chain that is a choice: one set, for every recording, scene and test.
 *
 * PARAMETER(name, value, unit, meaning). The C blocks and the reference blocks both read this table;
 * its digest stands in every report as parameters_digest.
 */
#ifndef SW_PARAMETERS_H
#define SW_PARAMETERS_H

#include <stdint.h>

#define SW_PARAMETERS(PARAMETER) \
    /* detection zone */ \
    PARAMETER(ZONE_NEAR_M, 0.20, "m", "nearest range of the detection zone") \
    PARAMETER(ZONE_FAR_M, 1.50, "m", "farthest range of the detection zone") \
    PARAMETER(WATCH_FAR_M, 3.00, "m", "range bins beyond the zone that are watched for leakage into it") \
    /* the user's place, before it is learnt: half a bed on the side of the device; then what the first night showed */ \
    PARAMETER(PLACE_NEAR_M, 0.25, "m", "nearest range of the user's place") \
    PARAMETER(PLACE_FAR_M, 1.10, "m", "farthest range of the user's place") \
    PARAMETER(PLACE_HEAD_DEG, 37.0, "degree", "azimuth of its end towards the head of the bed") \
    PARAMETER(PLACE_FOOT_DEG, 58.0, "degree", "... and towards the foot") \
    PARAMETER(BED_CONFIDENCE, 230, "1/255", "least confidence of a second that is learnt from") \
    PARAMETER(BED_DIRECTION, 128, "1/255", "least validity of a direction that is learnt from") \
    PARAMETER(BED_SECONDS, 10800, "s", "confident still time after which the place is fixed") \
    PARAMETER(BED_TAIL, 0.02, "1", "share of that time that may lie outside on either side") \
    PARAMETER(BED_MARGIN_M, 0.30, "m", "margin around the ranges that were seen") \
    PARAMETER(BED_MARGIN_DEG, 20.0, "degree", "margin around the azimuths that were seen") \
    /* clutter */ \
    PARAMETER(BACKGROUND_S, 1.2, "s", "time constant of the slow background") \
    /* wander: of the radar, not of the room */ \
    PARAMETER(WANDER_SAFETY, 4.0, "1", "factor on what of the still echoes moves as the leakage does") \
    PARAMETER(WANDER_STEP, 0.01, "1", "power of the leakage's change over its own at which the radar has stepped") \
    /* calibration: of the room and of a reflector */ \
    PARAMETER(STILL_S, 15.0, "s", "time over which still echoes are measured ...") \
    PARAMETER(STILL_CHECK_S, 5.0, "s", "... and over which the correction is checked") \
    PARAMETER(STILL_SPREAD, 3.0, "1", "spread of a range bin over the noise above which something moves") \
    PARAMETER(CORNER_NEAR_M, 0.15, "m", "distance from the named place at which the reflector may be found") \
    PARAMETER(CORNER_SNR, 300.0, "1", "least power of the reflector's echo over the noise of a frame") \
    PARAMETER(CORNER_ALONE, 0.25, "1", "most power of any other echo over the reflector's") \
    /* sample check: of the radar itself */ \
    PARAMETER(JUMP_COUNTS, 12, "ADC count", "difference of two chirps at one sample that is a jump ...") \
    PARAMETER(JUMP_NOISE, 8, "1", "... plus this times the mean difference of the quietest pair") \
    PARAMETER(BURST_SHARE, 4.0, "1", "differences of a pair over the quietest one's that are a burst") \
    PARAMETER(FIRST_SHARE, 1.6, "1", "differences of the first pair over the others' that are no chance") \
    PARAMETER(CHECK_SMOOTH_S, 0.5, "s", "smoothing of the share of frames in which a condition holds") \
    PARAMETER(CHECK_SHARE, 0.7, "1", "share above which a lasting condition is noticed") \
    PARAMETER(CHECK_RARE, 0.02, "1", "share of disturbed frames below which values stay valid") \
    PARAMETER(OFFSET_COUNTS, 150, "ADC count", "mean off the middle, beside what leakage explains, that is too much") \
    PARAMETER(NEAR_COUNTS, 1000, "ADC count", "amplitude right in front that is too much") \
    PARAMETER(NEAR_MORE, 3.0, "1", "power right in front over the usual that is too much") \
    PARAMETER(NEAR_NONE, 30.0, "1", "power right in front over the noise below which there is none") \
    PARAMETER(MISMATCH_CHANGE, 0.1, "1", "power of the change right in front over the usual that is a mismatch, of one antenna ...") \
    PARAMETER(MISMATCH_OTHERS, 0.05, "1", "... while the others change less than this times it, and times their own usual") \
    PARAMETER(NEAR_KNOWN_S, 5.0, "s", "time after which the usual is known ...") \
    PARAMETER(NEAR_LEARN_S, 300.0, "s", "... and in which it follows") \
    PARAMETER(DEAD_SHARE, 0.0003, "1", "power right in front over the strongest antenna's below which one is dead") \
    PARAMETER(SHIFT_OCTAVES, 3.0, "1", "sum over the antennas of octaves of power from the usual that is suspect") \
    PARAMETER(LINE_SNR, 100.0, "1", "power of a moving range bin over the noise that is asked for its steadiness") \
    PARAMETER(LINE_STEADY, 0.01, "1", "square of its relative variation below which it keeps its size ...") \
    PARAMETER(LINE_SECONDS, 3, "s", "... so long: no body") \
    /* candidates and direction: sums over whole seconds */ \
    PARAMETER(WINDOW_SECONDS, 8, "s", "seconds of power that decide about presence") \
    PARAMETER(LEAKAGE, 4.0, "1", "safety factor on the window's side lobes of a stronger range bin") \
    PARAMETER(BODY_HALF_M, 0.20, "m", "range bins this far from the strongest belong to the same body") \
    PARAMETER(CHANNEL_SHARE, 0.02, "1", "least share of the strongest bin's power to be listened to") \
    PARAMETER(KEEP_BODY, 0.35, "1", "share of the strongest power at which the chosen body is kept") \
    /* motion */ \
    PARAMETER(MOTION_SMOOTH_S, 0.25, "s", "smoothing of the burst motion") \
    PARAMETER(AMPLITUDE_SMOOTH_S, 2.0, "s", "smoothing of the moving amplitude") \
    PARAMETER(MOVING_MM_PER_S, 18.0, "mm/s", "speed above which the body moves rather than breathes") \
    PARAMETER(STILL_MM_PER_S, 12.0, "mm/s", "speed below which it may be still again") \
    PARAMETER(MOVING_OVER_FLOOR, 6.0, "1", "burst motion over its noise floor that counts as seen") \
    PARAMETER(STILL_HOLD_S, 1.0, "s", "stillness needed before breathing is read again") \
    /* phase circle */ \
    PARAMETER(CIRCLE_RATE_HZ, 10.0, "Hz", "rate at which channels are remembered for the fit") \
    PARAMETER(CIRCLE_FIRST_S, 3.0, "s", "memory needed for the first fit") \
    PARAMETER(CIRCLE_ARC_RAD, 0.35, "rad", "rms phase below which curvature alone sets the scale") \
    PARAMETER(CIRCLE_FLOOR_RAD, 0.04, "rad", "least rms phase that curvature may claim") \
    PARAMETER(CIRCLE_DOUBT, 0.10, "1", "residual over noise of one common arc above which circles are tried") \
    PARAMETER(CIRCLE_FAILED, 0.25, "1", "residual over noise of one common arc above which it is given up") \
    PARAMETER(CIRCLE_BETTER, 0.70, "1", "residual of circles over that of a small arc at which they win") \
    PARAMETER(CIRCLE_WIDE_RAD, 1.5, "rad", "rms phase above which each channel keeps its own circle") \
    /* breathing rate */ \
    PARAMETER(RATE_WINDOW_S, 30.0, "s", "trailing window of the breathing rate") \
    PARAMETER(BREATH_HYSTERESIS, 0.30, "1", "threshold of breath detection over the rms of the waveform") \
    PARAMETER(BREATH_MIN_S, 1.6, "s", "shortest breath") \
    PARAMETER(BREATH_MAX_S, 11.0, "s", "longest breath") \
    PARAMETER(BREATHS_SPAN_S, 6.0, "s", "sum of breath intervals needed for a rate") \
    PARAMETER(ENOUGH_BREATHS, 6, "1", "breath intervals that need no help from the spectrum") \
    PARAMETER(BREATH_DOUBLE, 1.6, "1", "breath interval over the mean of the others that may hide a missed breath") \
    PARAMETER(RATE_AGREE, 0.18, "1", "relative difference of breaths and spectrum that still agree") \
    PARAMETER(INTERVAL_CV, 0.35, "1", "variation of breath intervals above which there is no rate") \
    PARAMETER(RMS_SHARE, 0.01, "1", "share of the newest waveform sample in its running mean square") \
    PARAMETER(BREATHS_MISSED, 3.0, "1", "mean breaths without a new one after which there is no rate") \
    PARAMETER(LINE_RIVAL, 0.40, "1", "power at the breaths' rate over the strongest line that still convinces") \
    PARAMETER(RATE_COHERENCE, 0.30, "1", "least coherence from frame to frame that can carry a rate") \
    PARAMETER(RATE_RESIDUAL, 0.60, "1", "residual of the phase circles above which there is no rate") \
    PARAMETER(LINE_SHARE, 0.50, "1", "least share of the band's power around the strongest line") \
    PARAMETER(SPECTRUM_MIN_S, 10.0, "s", "shortest waveform whose spectrum is asked") \
    PARAMETER(RATE_SCORE, 5.0, "1", "log-odds of a valid rate under ideal conditions") \
    PARAMETER(RATE_PER_VARIATION, 6.0, "1", "... less this times the variation of breath intervals") \
    PARAMETER(RATE_PER_RESIDUAL, 2.0, "1", "... less this times the residual of the phase circles") \
    PARAMETER(RATE_PER_MISSING, 0.35, "1", "... less this for every interval short of ENOUGH_BREATHS") \
    PARAMETER(WAVE_SCORE, 4.0, "1", "log-odds of a valid waveform on perfect circles") \
    PARAMETER(WAVE_PER_RESIDUAL, 8.0, "1", "... less this times the residual of the phase circles") \
    /* confidence */ \
    PARAMETER(NOBODY_BELOW, 102, "1/255", "confidence below which every value is unknown: nobody") \
    PARAMETER(MOTION_SCORE, 0.5, "1", "log-odds of the right motion class at the threshold") \
    PARAMETER(MOTION_PER_LOG, 1.5, "1", "... plus this times the distance from it in units of e") \
    PARAMETER(STREAM_FROM, 179, "1/255", "confidence that starts streaming ...") \
    PARAMETER(STREAM_AFTER_S, 3, "s", "... when it lasts this long") \
    PARAMETER(SILENT_AFTER_S, 15, "s", "time below NOBODY_BELOW that ends streaming") \
    PARAMETER(PERSON_SNR_DB, 9.0, "dB", "coherent power over noise at which a person is as likely as not") \
    PARAMETER(PERSON_PER_DB, 0.6, "1/dB", "log-odds of a person per dB above it") \
    PARAMETER(PERSON_PER_RAD, 20.0, "1/rad", "... less this per rad of azimuth outside the user's place") \
    PARAMETER(FLOOR_BELOW_M, 0.30, "m", "height below the device under which nobody lies: a pet on the floor") \
    PARAMETER(PERSON_PER_M, 100.0, "1/m", "log-odds of a person lost per m below that") \
    PARAMETER(RESTLESS_S, 12.0, "s", "time without a still second that people take to turn over") \
    PARAMETER(PERSON_PER_S, 0.5, "1/s", "log-odds of a person lost per s beyond that: a fan, a tone of a supply") \
    PARAMETER(PERSON_COHERENCE, 0.10, "1", "least coherence from frame to frame of anything alive")

/* Each becomes a constant of the compiler, SW_P_ZONE_NEAR_M; one that is not used leaves nothing behind. */
#define SW_PARAMETER_FLOAT(name, value, unit, meaning) static const float SW_P_##name = (float)(value);
SW_PARAMETERS(SW_PARAMETER_FLOAT)
#undef SW_PARAMETER_FLOAT

/* crc32 over the rows in their order: the name, a zero byte, the value as float32, lowest byte first. */
uint32_t sw_parameters_hash(void);

#endif
