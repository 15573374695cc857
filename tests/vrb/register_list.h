/* A register list of our own: 38 words `address << 25 | 1 << 24 | data`, as a configuration tool would export them.
 *
 * Python reads this file too: every define is a plain integer, every word eight hexadecimal digits.
 * 60 GHz saw-tooth, 2 MHz, 16 chirps of 64 samples, all antennas. Every word reads back as it was written.
 */
#ifndef REGISTER_LIST_H
#define REGISTER_LIST_H

#include <stdint.h>

#define LIST_WORDS 38
#define LIST_SAMPLES 64      /* per chirp and antenna */
#define LIST_CHIRPS 16       /* per frame */
#define LIST_ANTENNAS_WORD 15 /* index of CSU1_1: its bits 22:20 switch the antennas on */
#define LIST_FIRST_IRQ_NS 1790075 /* FRAME_START to the last sample of the first frame: by hand, from the datasheet */
#define LIST_FRAME_NS 1872850     /* from one frame to the next, likewise */

static const uint32_t register_list[LIST_WORDS] = {
    0x011E8270, 0x030A0240, 0x09996524, 0x0B0400D4, 0x0D700000, 0x0F000000, /* MAIN ADC0 PACR1 PACR2 SFCTL SADC_CTRL */
    0x11000000, 0x13000000, 0x15000000, 0x17000BE0,                         /* CSI_0..2 CSCI */
    0x19000000, 0x1B000000, 0x1D000000, 0x1F000B60,                         /* CSDS_0..2 CSCDS */
    0x21003C51, 0x2370041F, 0x2570318C, 0x2D000490,                         /* CSU1_0..2 CSC1 */
    0x3B000480, 0x49000480, 0x57000480,                                     /* CSC2..4 */
    0x5911BC0E, 0x5B1B240A, 0x5D00F000, 0x5F7C1E1E,                         /* CCR0..3 */
    0x61F5208C, 0x630001A4, 0x65010168, 0x67000040,                         /* PLL1_0..3 */
    0x69000000, 0x6B000000, 0x6D010000, 0x6F092810,                         /* PLL1_4..7 */
    0x7F000000, 0x8F000000, 0x9F000000, 0xAD000000, 0xB7000000,             /* PLL2..4_7 RFT1 SDFT0 */
};

#endif
