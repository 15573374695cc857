/* The device as one event machine. First step: sizes and the default configuration only. */
#include "sw_error.h"
#include "sw_firmware.h"

struct sw_firmware {
    sw_hal hal;
    sw_radar_config config;
};

void sw_config_default(sw_radar_config *config)
{
    *config = (sw_radar_config){
        .rx_mask = 7, .n_samples = 256, .n_chirps = 8, .sample_rate_hz = 2000000,
        .start_khz = 59500000, .end_khz = 63000000, .chirp_period_ns = 500000, .frame_period_ns = 50000000,
        .tx_power_level = 31, .if_gain_db = 23, .hp_cutoff_khz = 20,
    };
}

uint32_t sw_firmware_size(void) { return (uint32_t)sizeof(sw_firmware); }

int32_t sw_firmware_init(sw_firmware *fw, const sw_hal *hal, const sw_radar_config *config,
                         const sw_chain_ops *chain)
{
    (void)chain;
    fw->hal = *hal;
    if (config != 0) {
        fw->config = *config;
    } else {
        sw_config_default(&fw->config);
    }
    return SW_OK;
}

uint64_t sw_firmware_step(void *fw, uint64_t now_us, uint32_t event)
{
    (void)fw;
    (void)now_us;
    (void)event;
    return SW_NEVER;
}
