/* From reset to frames: chip id, software reset, memory test, register list, self test. Sources: datasheet V2.4.9; DFT0 and
 * DFT1: the register map of the vendor's open driver library.
 *
 * Rule: what does not read back as written is written again; what still does not has a reason.
 */
#include "sw_driver_bus.h"
#include "sw_driver_diagnose.h"
#include "sw_driver_steps.h"
#include "sw_handles.h"

#define MEMORY_TEST 0x000221u /* DFT0: mode 1, the first algorithm */
#define MEMORY_TEST_OFF 0x000200u
#define MEMORY_FAIL 0x08u     /* DFT1 */
#define MEMORY_DONE 0x10u
#define SW_RESET_US 10000u
#define MEMORY_TEST_US 2000u

void sw_driver_identify(sw_driver *d, uint64_t now_us)
{
    uint32_t reason = sw_diagnose_bus(d);
    if (reason != SW_REASON_NONE && reason != SW_REASON_BUS_BITS && reason != SW_REASON_BUS_CLOCKS) {
        d->counters.wrong_chips++;
        sw_driver_fail(d, now_us, reason);
        return;
    }
    sw_driver_note(d, now_us, reason);
    sw_bus_write(d, SW_REG_MAIN, SW_MAIN_RESET_VALUE | SW_MAIN_SW_RESET);
    d->tries = 0;
    sw_driver_wait(d, SW_DRIVER_CLEARING, now_us + SW_RESET_US);
}

void sw_driver_check_memory(sw_driver *d, uint64_t now_us)
{
    uint32_t stuck = sw_bus_read(d, SW_REG_MAIN) & sw_bus_read(d, SW_REG_MAIN) & SW_MAIN_SW_RESET;
    if (stuck != 0u) {
        uint32_t bus = sw_diagnose_bus(d);
        d->counters.reset_failures++;
        sw_driver_fail(d, now_us, bus != SW_REASON_NONE ? bus : SW_HANDLES(RESET_STUCK) ? SW_REASON_RESET_STUCK : SW_REASON_RADAR_FAILED);
        return;
    }
    d->tries = 0;
    sw_bus_write(d, SW_REG_DFT0, MEMORY_TEST);
    sw_driver_wait(d, SW_DRIVER_CHECKING, now_us + MEMORY_TEST_US);
}

/* The list is written until it reads back; then what reads back is what every later look is compared with. Returns 1 when
 * everything that decides about samples and times holds its word. */
static int32_t write_list(sw_driver *d)
{
    uint32_t wrong = 1;
    for (uint32_t pass = 0; pass < SW_DRIVER_TRIES_MAX && wrong != 0u; pass++) {
        wrong = 0;
        for (uint32_t i = 0; i < SW_RADAR_REGISTER_COUNT; i++) {
            uint32_t address = d->words[i] >> 25;
            uint32_t high_speed = address == SW_REG_SFCTL && d->high_speed ? SW_SFCTL_HIGH_SPEED : 0u;
            if (pass == 0u || d->set_up[i] != ((d->words[i] & 0xFFFFFFu) | high_speed)) {
                (void)sw_bus_access(d, d->words[i] | high_speed);
            }
        }
        for (uint32_t i = 0; i < SW_RADAR_REGISTER_COUNT; i++) {
            uint32_t address = d->words[i] >> 25;
            uint32_t high_speed = address == SW_REG_SFCTL && d->high_speed ? SW_SFCTL_HIGH_SPEED : 0u;
            d->set_up[i] = sw_bus_read(d, address);
            wrong += address != SW_REG_MAIN && d->set_up[i] != ((d->words[i] & 0xFFFFFFu) | high_speed);
        }
    }
    return wrong == 0u;
}

/* A list that does not read back. Returns why the radar cannot run, or NONE: it can. */
static uint32_t judge_list(sw_driver *d, uint64_t now_us)
{
    uint32_t bus = sw_diagnose_bus(d);
    if (bus == SW_REASON_BUS_LATE && !d->high_speed) {
        d->high_speed = 1;
        sw_driver_note(d, now_us, bus);
        return write_list(d) ? SW_REASON_NONE : bus;
    }
    if (bus != SW_REASON_NONE && bus != SW_REASON_BUS_BITS) {
        return bus;
    }
    uint32_t reason = SW_REASON_NONE;
    for (uint32_t i = 0; i < SW_RADAR_REGISTER_COUNT; i++) {
        uint32_t address = d->words[i] >> 25;
        uint32_t wrong = d->set_up[i] ^ (d->words[i] & 0xFFFFFFu);
        if (SW_HANDLES(OSCILLATOR_OFF) && address == SW_REG_PACR1 && wrong >> 23 != 0u) {
            return SW_REASON_OSCILLATOR_OFF;
        }
        if (SW_HANDLES(FRAMES_ENDED) && address == SW_REG_CCR2 && wrong != 0u && wrong <= SW_CCR2_LIMIT) {
            continue; /* noticed when they end */
        }
        if (SW_HANDLES(IRQ_EARLY) && address == SW_REG_SFCTL && wrong != 0u && wrong <= SW_SFCTL_LEVEL) {
            d->level_lost = 1;
            sw_driver_note(d, now_us, SW_REASON_IRQ_EARLY);
            continue;
        }
        if (wrong != 0u && (address == 0x01u || (address >= 0x2Cu && address <= 0x33u))) {
            reason = SW_HANDLES(BUS_BITS) ? SW_REASON_BUS_BITS : SW_REASON_RADAR_FAILED;
        }
    }
    return reason;
}

void sw_driver_configure(sw_driver *d, uint64_t now_us)
{
    uint32_t result = sw_bus_read(d, SW_REG_DFT1) & sw_bus_read(d, SW_REG_DFT1);
    if ((result & MEMORY_DONE) == 0u && ++d->tries < SW_DRIVER_TRIES_MAX) {
        sw_driver_wait(d, SW_DRIVER_CHECKING, now_us + MEMORY_TEST_US);
        return;
    }
    uint32_t wrong = MEMORY_DONE | MEMORY_FAIL;
    if (SW_HANDLES(MEMORY_BROKEN) && (result & wrong) == wrong && sw_diagnose_bus(d) == SW_REASON_NONE) {
        sw_driver_fail(d, now_us, SW_REASON_MEMORY_BROKEN);
        return;
    }
    d->tries = 0;
    d->errors = 0;
    sw_bus_write(d, SW_REG_DFT0, MEMORY_TEST_OFF);
    int32_t taken = write_list(d);
    if (SW_HANDLES(BUS_CLOCKS) && (d->errors & SW_GSR0_CLOCKS) != 0u) {
        sw_driver_note(d, now_us, SW_REASON_BUS_CLOCKS);
    }
    uint32_t reason = taken ? SW_REASON_NONE : judge_list(d, now_us);
    if (reason != SW_REASON_NONE) {
        d->counters.wrong_chips++;
        sw_driver_fail(d, now_us, reason);
        return;
    }
    sw_driver_note(d, now_us, sw_diagnose_status(d));
    int32_t has_rx1 = (d->config.rx_mask & 1u) != 0u;
    d->self_test = has_rx1 ? SW_SELF_TEST_NOT_RUN : SW_SELF_TEST_SKIPPED_RX1_OFF;
    sw_driver_start_frames(d, now_us, has_rx1 ? SW_DRIVER_TESTING : SW_DRIVER_RUNNING);
}

void sw_driver_end_test(sw_driver *d, uint64_t now_us, uint32_t fill)
{
    uint32_t reason = sw_diagnose_self_test(d, fill);
    d->self_test = reason == SW_REASON_NONE ? SW_SELF_TEST_PASSED : SW_SELF_TEST_FAILED;
    if (reason == SW_REASON_NONE) {
        d->restarts = 0;
        sw_driver_start_frames(d, now_us, SW_DRIVER_RUNNING);
        return;
    }
    d->counters.self_test_failures++;
    sw_driver_note(d, now_us, reason);
    int32_t again = reason == SW_REASON_BUS_BITS || reason == SW_REASON_FIFO_SHIFTED ||
                    (reason == SW_REASON_BUS_SPLIT && d->window_bytes != 0u);
    if (again && ++d->tries < SW_DRIVER_TRIES_MAX) {
        sw_driver_start_frames(d, now_us, SW_DRIVER_TESTING);
    } else if (reason == SW_REASON_BUS_BITS) {
        sw_driver_start_frames(d, now_us, SW_DRIVER_RUNNING);
    } else {
        sw_driver_fail(d, now_us, reason);
    }
}
