/* What a register read and write does.
 *
 * Rule: names, resets and fields come from registers.h only. A write to what is not modelled is stored,
 * counted as a warning and its address kept; read-only registers ignore writes; unknown addresses read 0.
 */
#include "chip_internal.h"

typedef struct register_row {
    const char *name;
    uint32_t address;
    uint32_t reset_value;
    uint32_t writable;
} register_row;

typedef struct field_row {
    const char *register_name;
    const char *name;
    uint32_t address;
    uint32_t high;
    uint32_t low;
    uint32_t kind;
} field_row;

#define RESET_BITS (FIELD_AT(MAIN_SW_RESET, 1u) | FIELD_AT(MAIN_FSM_RESET, 1u) | FIELD_AT(MAIN_FIFO_RESET, 1u))
#define RW 1u
#define RO 0u
#define MODELLED CHIP_FIELD_MODELLED
#define SETUP CHIP_FIELD_SETUP
#define ABSENT CHIP_FIELD_ABSENT
#define REGISTER_ROW(address, name, reset_value, access) {#name, (address), (reset_value), (access)},
#define FIELD_ROW(register_name, field, high, low, kind) \
    {#register_name, #field, REG_##register_name, (high), (low), (kind)},

static const register_row rows[] = {CHIP_REGISTERS(REGISTER_ROW, FIELD_NOTHING)};
static const field_row fields[] = {CHIP_REGISTERS(REGISTER_NOTHING, FIELD_ROW)};

#define N_ROWS ((uint32_t)(sizeof rows / sizeof rows[0]))
#define N_FIELDS ((uint32_t)(sizeof fields / sizeof fields[0]))
_Static_assert(sizeof rows / sizeof rows[0] == N_REGISTERS, "one row per address");

void chip_warn(chip *c, uint32_t address)
{
    c->counters.warnings++;
    c->counters.last_warned_address = address;
}

void registers_reset(chip *c)
{
    for (uint32_t i = 0; i < N_ROWS; i++)
        c->registers[rows[i].address] = rows[i].reset_value;
    c->registers[REG_ADC0] |= FIELD_AT(ADC0_UNSURE, c->options.adc0_bit_13);
    c->registers[REG_CHIP_ID] = c->options.chip_id & WORD_MASK;
    c->registers[REG_CCR2] = faults_register(c, REG_CCR2, c->registers[REG_CCR2]);
    c->registers[REG_PACR1] = faults_register(c, REG_PACR1, c->registers[REG_PACR1]);
}

/* Bits that a write may change without a warning. */
static uint32_t accepted_bits(uint32_t address)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < N_FIELDS; i++)
        if (fields[i].address == address && fields[i].kind != ABSENT)
            bits |= ((1u << (fields[i].high - fields[i].low + 1u)) - 1u) << fields[i].low;
    return bits;
}

/* What a power mode supplies is in the control register of its channel set. Start-up times are not modelled. */
static uint32_t set_of_mode(const chip *c, uint32_t mode)
{
    static const uint32_t active[4] = {REG_CSC1, REG_CSC2, REG_CSC3, REG_CSC4};
    return c->registers[mode == 5u ? REG_CSCDS : mode == 3u ? REG_CSCI : active[frames_channel_index(c) >> 1]];
}

static uint32_t read_stat0(const chip *c)
{
    uint32_t mode = frames_power_mode(c);
    uint32_t set = set_of_mode(c, mode);
    uint32_t band_gap = FIELD_OF(set, CSC1_BG_EN);
    return FIELD_AT(STAT0_PM, mode) | FIELD_AT(STAT0_LDO_RDY, 1u)
        | FIELD_AT(STAT0_MADC_RDY, band_gap && !FIELD_OF(set, CSC1_MADC_ISOPD)) | FIELD_AT(STAT0_BG_UP, band_gap)
        | FIELD_AT(STAT0_SADC_RDY, sadc_ready(c, set))
        | FIELD_AT(STAT0_CH_IDX, frames_channel_index(c)) | FIELD_AT(STAT0_SH_IDX, frames_shape_index(c));
}

static uint32_t read_fstat(const chip *c)
{
    const fifo_state *fifo = &c->fifo;
    return c->spi.errors_sticky | FIELD_AT(FSTAT_FILL, fifo->fill) | FIELD_AT(FSTAT_FUF_ERR, fifo->underflowed)
        | FIELD_AT(FSTAT_FOF_ERR, fifo->overflowed) | FIELD_AT(FSTAT_EMPTY, fifo->fill == 0)
        | FIELD_AT(FSTAT_FULL, fifo->fill == FIFO_WORDS)
        | FIELD_AT(FSTAT_CREF, fifo->fill > FIELD(c, SFCTL, FIFO_CREF));
}

uint32_t registers_peek(chip *c, uint32_t address)
{
    if (address >= N_REGISTERS)
        return 0;
    if (address == REG_STAT0)
        return read_stat0(c);
    if (address == REG_FSTAT)
        return read_fstat(c);
    if (address == REG_STAT1)
        return FIELD_AT(STAT1_FRAME_CNT, c->frames.frames_done)
            | FIELD_AT(STAT1_SHAPE_GRP_CNT, frames_groups_done(c));
    if (address == REG_SADC_RESULT)
        return sadc_read(c);
    if (address == REG_DFT1)
        return memory_test_read(c);
    return c->registers[address];
}

/* The four command bits of MAIN clear themselves; of several resets the strongest wins, and any beats FRAME_START. */
static void write_main(chip *c, uint32_t value)
{
    if (c->options.reset_stuck)
        c->resets.stuck |= value & RESET_BITS;
    c->registers[REG_MAIN] = (value & ~0xFu) | c->resets.stuck;
    if (FIELD_OF(value, MAIN_SW_RESET))
        reset_software(c);
    else if (FIELD_OF(value, MAIN_FIFO_RESET))
        reset_fifo(c);
    else if (FIELD_OF(value, MAIN_FSM_RESET))
        reset_fsm(c);
    else if (FIELD_OF(value, MAIN_FRAME_START) && memory_test_running(c))
        chip_warn(c, REG_DFT0);
    else if (FIELD_OF(value, MAIN_FRAME_START))
        frames_start(c);
}

static void write_sadc_control(chip *c, uint32_t value)
{
    c->registers[REG_SADC_CTRL] &= ~FIELD_AT(SADC_CTRL_START, 1u);
    if (FIELD_OF(value, SADC_CTRL_START))
        sadc_start(c);
}

void registers_write(chip *c, uint32_t address, uint32_t value)
{
    if (address >= N_REGISTERS) {
        chip_warn(c, address);
        return;
    }
    if (!rows[address].writable)
        return;
    if ((value ^ rows[address].reset_value) & WORD_MASK & ~accepted_bits(address))
        chip_warn(c, address);
    c->registers[address] = faults_register(c, address, value & WORD_MASK);
    if (address == REG_MAIN)
        write_main(c, value);
    else if (address == REG_DFT0)
        memory_test_command(c);
    else if (address == REG_SADC_CTRL)
        write_sadc_control(c, value);
    else if (address == REG_SFCTL && !frames_lfsr_enabled(c))
        c->frames.lfsr = LFSR_SEED;
}

uint32_t chip_register(void *memory, uint32_t address)
{
    return registers_peek(memory, address);
}

uint32_t chip_register_count(void)
{
    return N_ROWS;
}

void chip_register_describe(uint32_t index, chip_register_info *out)
{
    const register_row *row = &rows[index < N_ROWS ? index : 0u];
    *out = (chip_register_info){row->name, row->address, row->reset_value, row->writable};
}

uint32_t chip_field_count(void)
{
    return N_FIELDS;
}

void chip_field_describe(uint32_t index, chip_field_info *out)
{
    const field_row *row = &fields[index < N_FIELDS ? index : 0u];
    *out = (chip_field_info){row->register_name, row->name, row->high, row->low, row->kind};
}
