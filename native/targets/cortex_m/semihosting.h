/* Calls from the bare metal to the machine it is run by: files, a line of text, the end.
 *
 * Rule: the core stands still inside a call. Operations: Arm "Semihosting for AArch32 and AArch64", section 6.
 */
#ifndef SW_SEMIHOSTING_H
#define SW_SEMIHOSTING_H

#include <stdint.h>

enum { SW_OPEN_READ = 1, SW_OPEN_WRITE = 5 };

/* Returns a handle, negative when the file cannot be opened. */
int32_t sw_semihosting_open(const char *name, uint32_t mode);
/* Both return the number of bytes NOT moved. */
uint32_t sw_semihosting_read(int32_t file, uint8_t *bytes, uint32_t n);
uint32_t sw_semihosting_write(int32_t file, const uint8_t *bytes, uint32_t n);
/* Text for whoever reads the log. */
void sw_semihosting_say(const char *text);
/* Ends the run with this exit code. */
_Noreturn void sw_semihosting_exit(int32_t status);

#endif
