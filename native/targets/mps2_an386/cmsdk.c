/* See cmsdk.h. */
#include "cmsdk.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART_DATA REGISTER(0x40004000u)
#define UART_STATE REGISTER(0x40004004u)
#define UART_CTRL REGISTER(0x40004008u)
#define UART_INTCLEAR REGISTER(0x4000400Cu)
#define UART_BAUDDIV REGISTER(0x40004010u)
#define TIMER_CTRL REGISTER(0x40000000u)
#define TIMER_VALUE REGISTER(0x40000004u)
#define TIMER_RELOAD REGISTER(0x40000008u)
#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
#define NVIC_ISER REGISTER(0xE000E100u)
#define NVIC_ISPR REGISTER(0xE000E200u)

#define STATE_TX_FULL 1u
#define STATE_RX_FULL 2u
#define CTRL_TX_ON 1u
#define CTRL_RX_ON 2u
#define CTRL_RX_INTERRUPT 8u
#define INT_RX 2u
#define UART0_RX_IRQ 1u /* as a bit: interrupt 0 */
#define CLOCK_HZ 25000000u
#define BAUD 460800u
#define CLOCKS_PER_US 25u
#define SYST_ON 7u /* core clock, interrupt, on */

#ifndef SW_UART_RING
#define SW_UART_RING 1024u
#endif
#define RING SW_UART_RING /* a power of two */

void sw_uart0_rx(void);
void sw_systick(void);

static volatile uint32_t head; /* bytes taken out so far */
static volatile uint32_t tail; /* bytes put in so far */
static volatile uint8_t ring[RING];
static volatile uint32_t beats;
static uint64_t clocks;
static uint32_t last_value;

void sw_cmsdk_init(void)
{
    UART_BAUDDIV = CLOCK_HZ / BAUD;
    UART_CTRL = CTRL_TX_ON | CTRL_RX_ON | CTRL_RX_INTERRUPT;
    TIMER_RELOAD = UINT32_MAX;
    TIMER_VALUE = UINT32_MAX;
    TIMER_CTRL = 1;
    last_value = UINT32_MAX;
    SYST_RVR = CLOCK_HZ / 1000u - 1u;
    SYST_CVR = 0;
    SYST_CSR = SYST_ON;
    NVIC_ISER = UART0_RX_IRQ;
}

/* The timer counts down and around; SysTick misses beats while the core stands in a semihosting call. */
uint64_t sw_cmsdk_time_us(void)
{
    const uint32_t value = TIMER_VALUE;
    clocks += (uint32_t)(last_value - value);
    last_value = value;
    return clocks / CLOCKS_PER_US;
}

uint32_t sw_cmsdk_beats(void)
{
    return beats;
}

void sw_systick(void)
{
    beats++;
}

/* A full ring masks the receiver; the byte stays in it, and on real wires the line would have to wait. */
void sw_uart0_rx(void)
{
    UART_INTCLEAR = INT_RX;
    while ((UART_STATE & STATE_RX_FULL) != 0u) {
        if (tail - head == RING) {
            UART_CTRL = CTRL_TX_ON | CTRL_RX_ON;
            return;
        }
        ring[tail % RING] = (uint8_t)UART_DATA;
        tail++;
    }
}

uint32_t sw_cmsdk_waiting(void)
{
    return tail - head;
}

int32_t sw_cmsdk_sleep(uint32_t seen)
{
    int32_t slept = 0;
    __asm volatile("cpsid i" : : : "memory"); /* an interrupt between look and sleep still ends the sleep */
    if (beats == seen && tail == head) {
        __asm volatile("dsb \n wfi" : : : "memory");
        slept = 1;
    }
    __asm volatile("cpsie i \n isb" : : : "memory");
    return slept;
}

int32_t sw_cmsdk_write(void *ctx, const uint8_t *bytes, uint32_t n)
{
    uint32_t taken = 0;
    (void)ctx;
    while (taken < n && (UART_STATE & STATE_TX_FULL) == 0u) {
        UART_DATA = bytes[taken++];
    }
    return (int32_t)taken;
}

int32_t sw_cmsdk_read(void *ctx, uint8_t *bytes, uint32_t capacity)
{
    uint32_t n = 0;
    (void)ctx;
    while (n < capacity && tail != head) {
        bytes[n++] = ring[head % RING];
        head++;
    }
    if ((UART_CTRL & CTRL_RX_INTERRUPT) == 0u) { /* there is room again: what stands in the receiver comes first */
        UART_CTRL = CTRL_TX_ON | CTRL_RX_ON | CTRL_RX_INTERRUPT;
        NVIC_ISPR = UART0_RX_IRQ;
    }
    return (int32_t)n;
}
