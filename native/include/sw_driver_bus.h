/* The radar's SPI bus: single accesses, a frame out of the FIFO, what the status says.
 *
 * Rule: nothing is decided here; d->answer and d->gsr0 hold what came. For the driver's own files.
 */
#ifndef SW_DRIVER_BUS_H
#define SW_DRIVER_BUS_H

#include "sw_driver.h"

#define SW_REG_MAIN 0x00u
#define SW_REG_CHIP_ID 0x02u
#define SW_REG_PACR1 0x04u
#define SW_REG_SFCTL 0x06u
#define SW_REG_SADC_CTRL 0x07u
#define SW_REG_CCR2 0x2Eu
#define SW_REG_DFT0 0x57u
#define SW_REG_DFT1 0x58u
#define SW_REG_STAT0 0x5Du
#define SW_REG_SADC_RESULT 0x5Eu
#define SW_REG_FSTAT 0x5Fu

#define SW_MAIN_RESET_VALUE 0x1E0000u
#define SW_MAIN_FRAME_START 1u
#define SW_MAIN_SW_RESET 2u
#define SW_MAIN_FSM_RESET 4u
#define SW_MAIN_FIFO_RESET 8u
#define SW_CCR2_LIMIT 0xFFFu          /* MAX_FRAME_CNT */
#define SW_SFCTL_LEVEL 0x1FFFu        /* FIFO_CREF */
#define SW_SFCTL_HIGH_SPEED (1u << 16)
#define SW_SFCTL_TEST (1u << 17)
#define SW_SADC_START (1u << 4)
#define SW_SADC_OVERSAMPLING (3u << 9)
#define SW_CHIP_ID_VALUE 0x000303u    /* digital 3, RF 3: BGT60TR13C */

/* GSR0, first byte of every answer: 1111, FIFO over/underflow, high-speed MISO, burst error, clock error */
#define SW_GSR0_CLEAR 0xF0u
#define SW_GSR0_FIFO 0x08u
#define SW_GSR0_HIGH_SPEED 0x04u
#define SW_GSR0_BURST 0x02u
#define SW_GSR0_CLOCKS 0x01u

#define SW_FIFO_WORDS 8192u
#define SW_FSTAT_FILL 0x3FFFu         /* words */
#define SW_FSTAT_RESERVED 0x01C000u
#define SW_FSTAT_EMPTY (1u << 20)
#define SW_FSTAT_CLOCKS (1u << 17)
#define SW_FSTAT_UNDERFLOW (1u << 19)
#define SW_FSTAT_OVERFLOW (1u << 23)

#define SW_BUS_LEAST_WINDOW 7u        /* bytes: header and one word */

/* One 32-bit access. Returns the register's content before, 24 bits. */
uint32_t sw_bus_access(sw_driver *d, uint32_t word);
uint32_t sw_bus_read(sw_driver *d, uint32_t address);
void sw_bus_write(sw_driver *d, uint32_t address, uint32_t data);
/* The word of the register list. */
uint32_t sw_bus_word(const sw_driver *d, uint32_t address);
/* FSTAT; what is unusual is read twice. errors: GSR0's error bits of the first time, about the window before it. */
uint32_t sw_bus_fifo_status(sw_driver *d, uint32_t *errors);
/* Reads one frame, in as many windows as have to be. Returns the status of the first window, 0: the bus
 * failed; d->answer: the rest of its header. */
uint32_t sw_bus_frame(sw_driver *d);
/* 1 when an FSTAT agrees with itself and tells of no over- or underflow. */
int32_t sw_bus_is_usual(uint32_t status);
/* 1 when the first byte of an answer is a status. */
int32_t sw_bus_is_status(uint32_t gsr0);

#endif
