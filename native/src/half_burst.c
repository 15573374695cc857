/* Half-burst means: integer sums over a strip of the rows, which is then sorted into lanes.
 *
 * Rule: sums are integers, eight columns of a row at a time, two of them in one word: that suits a register of the
 * target that has vectors, and halves the work of the one that has none.
 */
#include "sw_half_burst.h"
#include "sw_lanes.h"

#define GROUP 16u /* chirps whose 12-bit samples add up in 16 bits: 16 * 4095 < 65536 */
#define COLUMNS 8u
#define STRIP 16u /* samples; with 1..3 antennas always whole COLUMNS */

/* Eight samples; as words, sums of a GROUP do not carry from one half of a word to the other. */
typedef uint16_t columns __attribute__((vector_size(2 * COLUMNS), may_alias, aligned(2)));
typedef uint32_t pairs __attribute__((vector_size(2 * COLUMNS), may_alias, aligned(2)));

int32_t sw_half_burst_init(sw_half_burst *state, const sw_half_burst_config *config)
{
    uint32_t n = config->n_samples;
    if (config->n_rx < 1 || config->n_rx > SW_MAX_RX) {
        return SW_ERROR_CONFIG_RX;
    }
    if (n != 64 && n != 128 && n != 256 && n != 512) {
        return SW_ERROR_CONFIG_SAMPLES;
    }
    if (config->n_chirps < 2 || config->n_chirps > SW_MAX_CHIRPS || config->n_chirps % 2 != 0) {
        return SW_ERROR_CONFIG_CHIRPS;
    }
    state->config = *config;
    for (uint32_t l = 0; l < SW_LANES; l++) {
        state->scale[l] = l < config->n_rx ? 2.0f / (float)config->n_chirps : 0.0f;
    }
    return SW_OK;
}

/* Sums of `width` columns over n_chirps rows, `row` columns apart. */
static void sum_strip(const uint16_t *samples, uint32_t n_chirps, uint32_t row, uint32_t width, float *sums)
{
    for (uint32_t i = 0; i < width; i += COLUMNS) {
        uint32_t total[COLUMNS] = {0};
        for (uint32_t c = 0; c < n_chirps;) {
            uint32_t stop = n_chirps - c > GROUP ? c + GROUP : n_chirps;
            pairs sum = {0};
            for (; c < stop; c++) {
                sum += *(const pairs *)(samples + c * row + i);
            }
            columns each = (columns)sum;
            for (uint32_t j = 0; j < COLUMNS; j++) {
                total[j] += each[j];
            }
        }
        for (uint32_t j = 0; j < COLUMNS; j++) {
            sums[i + j] = (float)(int32_t)total[j];
        }
    }
}

void sw_half_burst_step(const sw_half_burst *state, const uint16_t *samples, sw_samples half[2])
{
    uint32_t n_rx = state->config.n_rx, n_samples = state->config.n_samples;
    uint32_t n_half = state->config.n_chirps / 2, row = n_samples * n_rx;
    sw_lanes scale = *(const sw_lanes *)state->scale;
    float sums[STRIP * SW_MAX_RX + SW_LANES] = {0.0f};
    for (uint32_t h = 0; h < 2; h++) {
        sw_lanes *to = (sw_lanes *)half[h].lane;
        for (uint32_t s = 0; s < n_samples; s += STRIP) {
            sum_strip(samples + h * n_half * row + s * n_rx, n_half, row, STRIP * n_rx, sums);
            for (uint32_t i = 0; i < STRIP; i++) {
                /* lanes beyond n_rx read the next sample and multiply it by 0 */
                to[s + i] = *(const sw_lanes *)(sums + i * n_rx) * scale;
            }
        }
    }
}
