/* THE register table of the chip: every address, its reset value, and every field.
 *
 * Rule: this is the only place where a register or field is named. R(address, name, reset value, access)
 * is followed by its fields F(register, field, high bit, low bit, kind). Kinds:
 *   MODELLED  has its effect
 *   SETUP     analog or supply set-up that every exported register list programmes: stored, read back, no effect here
 *   ABSENT    would change what a driver sees, is not modelled: warns when written with anything but its reset value
 * Bits in no field are reserved and warn like ABSENT ones. Source: BGT60TR13C datasheet V2.4.9, register chapter.
 * Not sure on silicon: whether ADC0 bit 13 resets to 1 (the datasheet's 0 is used; an option of the chip).
 * Fields of SADC_CTRL, RFT0, DFT0, DFT1: the register map of the vendor's open driver library.
 */
#ifndef REGISTERS_H
#define REGISTERS_H

/* clang-format off */

/* What a channel set switches on: band gap, and what is not isolated from the supply. */
#define CHIP_SUPPLY(F, name) \
    F(name, ABB_ISOPD, 5, 5, SETUP)         F(name, RF_ISOPD, 6, 6, SETUP) \
    F(name, BG_EN, 7, 7, MODELLED)          F(name, MADC_ISOPD, 8, 8, MODELLED) \
    F(name, SADC_ISOPD, 9, 9, MODELLED)     F(name, BG_TMRF_EN, 10, 10, SETUP) \
    F(name, PLL_ISOPD, 11, 11, SETUP)       F(name, OTHER, 23, 12, SETUP)

/* What the antennas do in one chirp: CSUn_* in up-chirps, CSDn_* in down-chirps. */
#define CHIP_CHANNELS(R, F, n, base) \
    R((base), n##_0, 0, RW) \
        F(n##_0, TX_EN, 0, 0, SETUP)            F(n##_0, ANALOG, 23, 1, SETUP) \
    R((base) + 1, n##_1, 0, RW) \
        F(n##_1, TX_DAC, 4, 0, MODELLED)        F(n##_1, ANALOG_LOW, 9, 5, SETUP) \
        F(n##_1, MADC_EN, 10, 10, MODELLED)     F(n##_1, ANALOG_MID, 19, 11, SETUP) \
        F(n##_1, BBCH_SEL, 22, 20, MODELLED)    F(n##_1, ANALOG_HIGH, 23, 23, SETUP) \
    R((base) + 2, n##_2, 0, RW) \
        F(n##_2, HPF_1, 1, 0, MODELLED)         F(n##_2, VGA_1, 4, 2, MODELLED) \
        F(n##_2, HPF_2, 6, 5, MODELLED)         F(n##_2, VGA_2, 9, 7, MODELLED) \
        F(n##_2, HPF_3, 11, 10, MODELLED)       F(n##_2, VGA_3, 14, 12, MODELLED) \
        F(n##_2, ANALOG_MID, 19, 15, SETUP)     F(n##_2, HP_GAIN, 22, 20, MODELLED) \
        F(n##_2, ANALOG_HIGH, 23, 23, SETUP)

#define CHIP_CHANNEL_SET(R, F, n, base) \
    CHIP_CHANNELS(R, F, CSU##n, base) \
    CHIP_CHANNELS(R, F, CSD##n, (base) + 3) \
    R((base) + 6, CSC##n, 0x000B60, RW) \
        F(CSC##n, REPC, 3, 0, MODELLED)         F(CSC##n, CS_EN, 4, 4, MODELLED) \
        CHIP_SUPPLY(F, CSC##n)

#define CHIP_SHAPE(R, F, n, base) \
    R((base), PLL##n##_0, 0, RW)            F(PLL##n##_0, FSU, 23, 0, MODELLED) \
    R((base) + 1, PLL##n##_1, 0, RW)        F(PLL##n##_1, RSU, 23, 0, MODELLED) \
    R((base) + 2, PLL##n##_2, 0, RW) \
        F(PLL##n##_2, RTU, 13, 0, MODELLED)     F(PLL##n##_2, TR_EDU, 23, 16, MODELLED) \
    R((base) + 3, PLL##n##_3, 0, RW) \
        F(PLL##n##_3, APU, 11, 0, MODELLED)     F(PLL##n##_3, APD, 23, 12, MODELLED) \
    R((base) + 4, PLL##n##_4, 0, RW)        F(PLL##n##_4, FSD, 23, 0, MODELLED) \
    R((base) + 5, PLL##n##_5, 0, RW)        F(PLL##n##_5, RSD, 23, 0, MODELLED) \
    R((base) + 6, PLL##n##_6, 0, RW) \
        F(PLL##n##_6, RTD, 13, 0, MODELLED)     F(PLL##n##_6, TR_EDD, 23, 16, MODELLED) \
    R((base) + 7, PLL##n##_7, 0, RW) \
        F(PLL##n##_7, REPS, 3, 0, MODELLED)     F(PLL##n##_7, SH_EN, 4, 4, MODELLED) \
        F(PLL##n##_7, CONT, 8, 8, SETUP)        F(PLL##n##_7, PD_MODE, 10, 9, MODELLED) \
        F(PLL##n##_7, TR_SED, 18, 11, MODELLED) F(PLL##n##_7, TR_SED_MUL, 23, 19, MODELLED)

#define CHIP_REGISTERS(R, F) \
    R(0x00, MAIN, 0x1E0000, RW) \
        F(MAIN, FRAME_START, 0, 0, MODELLED)    F(MAIN, SW_RESET, 1, 1, MODELLED) \
        F(MAIN, FSM_RESET, 2, 2, MODELLED)      F(MAIN, FIFO_RESET, 3, 3, MODELLED) \
        F(MAIN, TR_WKUP, 11, 4, MODELLED)       F(MAIN, TR_WKUP_MUL, 15, 12, MODELLED) \
        F(MAIN, CW_MODE, 16, 16, MODELLED)      F(MAIN, SADC_CLK_DIV, 18, 17, MODELLED) \
        F(MAIN, BG_CLK_DIV, 20, 19, SETUP)      F(MAIN, LOAD, 22, 21, SETUP) \
        F(MAIN, LDO_MODE, 23, 23, SETUP) \
    R(0x01, ADC0, 0x0A0240, RW) \
        F(ADC0, OVERSAMPLING, 1, 0, SETUP)     F(ADC0, BAND_GAP, 5, 2, SETUP) \
        F(ADC0, STC, 7, 6, SETUP)               F(ADC0, DSCAL, 8, 8, SETUP) \
        F(ADC0, TRACK, 10, 9, SETUP)            F(ADC0, MSB_CTRL, 11, 11, SETUP) \
        F(ADC0, TRIG, 12, 12, SETUP)            F(ADC0, UNSURE, 13, 13, SETUP) \
        F(ADC0, ADC_DIV, 23, 14, MODELLED) \
    R(0x02, CHIP_ID, 0x000303, RO) \
        F(CHIP_ID, DIGITAL_ID, 23, 8, MODELLED) F(CHIP_ID, RF_ID, 7, 0, MODELLED) \
    R(0x03, STAT1, 0, RO) \
        F(STAT1, FRAME_CNT, 23, 12, MODELLED)   F(STAT1, SHAPE_GRP_CNT, 11, 0, MODELLED) \
    R(0x04, PACR1, 0x196524, RW) \
        F(PACR1, ANALOG, 22, 0, SETUP)          F(PACR1, OSCCLKEN, 23, 23, MODELLED) \
    R(0x05, PACR2, 0x040014, RW) \
        F(PACR2, DIVSET, 4, 0, MODELLED)        F(PACR2, ANALOG_LOW, 5, 5, SETUP) \
        F(PACR2, FSTDNEN, 7, 6, MODELLED)       F(PACR2, FSDNTMR, 16, 8, MODELLED) \
        F(PACR2, ANALOG_HIGH, 23, 17, SETUP) \
    R(0x06, SFCTL, 0x710000, RW) \
        F(SFCTL, FIFO_CREF, 12, 0, MODELLED)    F(SFCTL, FIFO_LP_MODE, 13, 13, MODELLED) \
        F(SFCTL, MISO_HS_RD, 16, 16, MODELLED)  F(SFCTL, LFSR_EN, 17, 17, MODELLED) \
        F(SFCTL, PREFIX_EN, 18, 18, MODELLED)   F(SFCTL, RESERVED, 23, 19, SETUP) \
    R(0x07, SADC_CTRL, 0, RW) \
        F(SADC_CTRL, CHANNEL, 3, 0, MODELLED)   F(SADC_CTRL, START, 4, 4, MODELLED) \
        F(SADC_CTRL, SD_EN, 8, 8, SETUP)        F(SADC_CTRL, OVERSAMPLING, 10, 9, MODELLED) \
        F(SADC_CTRL, SESP, 11, 11, SETUP)       F(SADC_CTRL, LVGAIN, 12, 12, MODELLED) \
        F(SADC_CTRL, DSCAL, 13, 13, SETUP)      F(SADC_CTRL, TC_TRIM, 16, 14, SETUP) \
    R(0x08, CSI_0, 0, RW)           F(CSI_0, ALL, 23, 0, SETUP) \
    R(0x09, CSI_1, 0, RW)           F(CSI_1, ALL, 23, 0, SETUP) \
    R(0x0A, CSI_2, 0, RW)           F(CSI_2, ALL, 23, 0, SETUP) \
    R(0x0B, CSCI, 0x000B60, RW)     F(CSCI, UNUSED, 4, 0, SETUP)         CHIP_SUPPLY(F, CSCI) \
    R(0x0C, CSDS_0, 0, RW)          F(CSDS_0, ALL, 23, 0, SETUP) \
    R(0x0D, CSDS_1, 0, RW)          F(CSDS_1, ALL, 23, 0, SETUP) \
    R(0x0E, CSDS_2, 0, RW)          F(CSDS_2, ALL, 23, 0, SETUP) \
    R(0x0F, CSCDS, 0x000B60, RW)    F(CSCDS, UNUSED, 4, 0, SETUP)        CHIP_SUPPLY(F, CSCDS) \
    CHIP_CHANNEL_SET(R, F, 1, 0x10) \
    CHIP_CHANNEL_SET(R, F, 2, 0x17) \
    CHIP_CHANNEL_SET(R, F, 3, 0x1E) \
    CHIP_CHANNEL_SET(R, F, 4, 0x25) \
    R(0x2C, CCR0, 0, RW) \
        F(CCR0, TR_END, 8, 0, MODELLED)         F(CCR0, CONT_MODE, 9, 9, SETUP) \
        F(CCR0, REPT, 13, 10, MODELLED)         F(CCR0, TR_INIT1, 21, 14, MODELLED) \
        F(CCR0, TR_INIT1_MUL, 23, 22, MODELLED) \
    R(0x2D, CCR1, 0, RW) \
        F(CCR1, TR_START, 8, 0, MODELLED)       F(CCR1, PD_MODE, 10, 9, MODELLED) \
        F(CCR1, TR_FED, 18, 11, MODELLED)       F(CCR1, TR_FED_MUL, 23, 19, MODELLED) \
    R(0x2E, CCR2, 0, RW) \
        F(CCR2, MAX_FRAME_CNT, 11, 0, MODELLED) F(CCR2, FRAME_LEN, 23, 12, MODELLED) \
    R(0x2F, CCR3, 0, RW) \
        F(CCR3, TR_PAEN, 8, 0, MODELLED)        F(CCR3, TR_SSTART, 13, 9, MODELLED) \
        F(CCR3, TR_INIT0, 21, 14, MODELLED)     F(CCR3, TR_INIT0_MUL, 23, 22, MODELLED) \
    CHIP_SHAPE(R, F, 1, 0x30) \
    CHIP_SHAPE(R, F, 2, 0x38) \
    CHIP_SHAPE(R, F, 3, 0x40) \
    CHIP_SHAPE(R, F, 4, 0x48) \
    R(0x50, ADC1, 0, RO)            F(ADC1, ALL, 23, 0, ABSENT) \
    R(0x51, ADC2, 0, RO)            F(ADC2, ALL, 23, 0, ABSENT) \
    R(0x52, ADC3, 0, RO)            F(ADC3, ALL, 23, 0, ABSENT) \
    R(0x53, ADC4, 0, RO)            F(ADC4, ALL, 23, 0, ABSENT) \
    R(0x54, ADC5, 0, RO)            F(ADC5, ALL, 23, 0, ABSENT) \
    R(0x55, RFT0, 0x001F40, RW) \
        F(RFT0, RFTSIGCLK_DIV, 12, 0, SETUP)    F(RFT0, RFTSIGCLK_DIV_EN, 13, 13, ABSENT) \
        F(RFT0, TEST_SIG_RF_EN, 17, 14, ABSENT) F(RFT0, TEST_SIG_IF_EN, 21, 18, ABSENT) \
    R(0x56, RFT1, 0x060000, RW)     F(RFT1, TEST_TONE_SETUP, 23, 0, SETUP) \
    R(0x57, DFT0, 0x000200, RW) \
        F(DFT0, MODE, 1, 0, MODELLED)           F(DFT0, SMONEN, 3, 2, ABSENT) \
        F(DFT0, ALG, 8, 5, MODELLED)            F(DFT0, NHOLD, 9, 9, SETUP) \
        F(DFT0, DBG, 10, 10, SETUP)             F(DFT0, CTRL, 11, 11, SETUP) \
        F(DFT0, DEBUG_DIG, 19, 16, ABSENT) \
    R(0x58, DFT1, 0, RO)            F(DFT1, FAIL, 3, 3, MODELLED)       F(DFT1, DONE, 4, 4, MODELLED) \
    R(0x59, PLL_DFT0, 0, RW)        F(PLL_DFT0, ALL, 23, 0, ABSENT) \
    R(0x5A, PLL_DFT1, 0, RW)        F(PLL_DFT1, ALL, 23, 0, ABSENT) \
    R(0x5B, SDFT0, 0, RW)           F(SDFT0, ALL, 23, 0, ABSENT) \
    R(0x5C, SDFT1, 0, RW)           F(SDFT1, ALL, 23, 0, ABSENT) \
    R(0x5D, STAT0, 0x0000A8, RO) \
        F(STAT0, SADC_RDY, 0, 0, MODELLED)      F(STAT0, MADC_RDY, 1, 1, MODELLED) \
        F(STAT0, BG_UP, 2, 2, MODELLED)         F(STAT0, LDO_RDY, 3, 3, MODELLED) \
        F(STAT0, PM, 7, 5, MODELLED)            F(STAT0, CH_IDX, 10, 8, MODELLED) \
        F(STAT0, SH_IDX, 13, 11, MODELLED) \
    R(0x5E, SADC_RESULT, 0, RO) \
        F(SADC_RESULT, RESULT, 9, 0, MODELLED)  F(SADC_RESULT, BUSY, 10, 10, MODELLED) \
        F(SADC_RESULT, RAW, 21, 12, ABSENT) \
    R(0x5F, FSTAT, 0x100000, RO) \
        F(FSTAT, FILL, 13, 0, MODELLED)         F(FSTAT, CLK_NUM_ERR, 17, 17, MODELLED) \
        F(FSTAT, SPI_BURST_ERR, 18, 18, MODELLED) F(FSTAT, FUF_ERR, 19, 19, MODELLED) \
        F(FSTAT, EMPTY, 20, 20, MODELLED)       F(FSTAT, CREF, 21, 21, MODELLED) \
        F(FSTAT, FULL, 22, 22, MODELLED)        F(FSTAT, FOF_ERR, 23, 23, MODELLED)

/* clang-format on */

/* REG_MAIN = 0x00, ...; MAIN_TR_WKUP_LO = 4, MAIN_TR_WKUP_HI = 11, ... */
#define REGISTER_ADDRESS(address, name, reset_value, access) REG_##name = (address),
#define FIELD_NOTHING(register_name, field, high, low, kind)
#define REGISTER_NOTHING(address, name, reset_value, access)
#define FIELD_BITS(register_name, field, high, low, kind) \
    register_name##_##field##_HI = (high), register_name##_##field##_LO = (low),

enum { CHIP_REGISTERS(REGISTER_ADDRESS, FIELD_NOTHING) REG_FIFO = 0x60, REG_BURST = 0x7F };
enum { CHIP_REGISTERS(REGISTER_NOTHING, FIELD_BITS) REGISTER_BITS = 24 };

#define FIELD_ONES(name) ((1u << (name##_HI - name##_LO + 1)) - 1u)
/* The value of a field inside the content of its register, and a value put at its place. */
#define FIELD_OF(content, name) (((content) >> name##_LO) & FIELD_ONES(name))
#define FIELD_AT(name, value) (((uint32_t)(value) & FIELD_ONES(name)) << name##_LO)

#endif
