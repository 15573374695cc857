/* Confidence: log-odds and their quantised probability.
 *
 * Rule: rising evidence never lowers the integer.
 */
#include "sw_confidence.h"

#include "sw_parameters.h"

#define LARGEST_LOG_ODDS 20.0f
#define SMALLEST_RATIO 1e-6f
#define SMALLEST_SPEED 1e-3f /* over its threshold */
#define LN_2 0.693147181f

int32_t sw_confidence_quantise(float log_odds)
{
    float probability = sw_logisticf(sw_clamp(log_odds, -LARGEST_LOG_ODDS, LARGEST_LOG_ODDS));
    return sw_to_i32(255.0f * probability, 0, 255);
}

float sw_confidence_decibel(float ratio)
{
    return 10.0f * sw_log10f(ratio > SMALLEST_RATIO ? ratio : SMALLEST_RATIO);
}

/* Log-odds against a person. */
static float against(const sw_doubts *doubts)
{
    float restless_s = doubts->moving_s > SW_P_RESTLESS_S ? doubts->moving_s - SW_P_RESTLESS_S : 0.0f;
    return SW_P_PERSON_PER_RAD * doubts->outside_rad + SW_P_PERSON_PER_M * doubts->below_m +
           SW_P_PERSON_PER_S * restless_s;
}

int32_t sw_confidence_person(float snr, float coherence, const sw_doubts *doubts)
{
    if (coherence < SW_P_PERSON_COHERENCE) {
        snr = snr * (coherence > 0.0f ? coherence : 0.0f) / SW_P_PERSON_COHERENCE;
    }
    float log_odds = SW_P_PERSON_PER_DB * (sw_confidence_decibel(snr) - SW_P_PERSON_SNR_DB);
    return sw_confidence_quantise(log_odds - against(doubts));
}

int32_t sw_confidence_breathing(float variation, float residual, int32_t intervals)
{
    const int32_t enough = (int32_t)SW_P_ENOUGH_BREATHS;
    int32_t missing = intervals < enough ? enough - intervals : 0;
    float log_odds = SW_P_RATE_SCORE - SW_P_RATE_PER_VARIATION * variation - SW_P_RATE_PER_RESIDUAL * residual;
    return sw_confidence_quantise(log_odds - SW_P_RATE_PER_MISSING * (float)missing);
}

int32_t sw_confidence_motion(float speed_over_threshold)
{
    float ratio = speed_over_threshold > SMALLEST_SPEED ? speed_over_threshold : SMALLEST_SPEED;
    float distance = LN_2 * sw_log2f(ratio);
    return sw_confidence_quantise(SW_P_MOTION_SCORE + SW_P_MOTION_PER_LOG * (distance < 0.0f ? -distance : distance));
}
