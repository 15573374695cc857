/* The user's place in the firmware: from the settings and the flash to the chain, and from what is learnt back to them.
 *
 * Rule: the chain is told before it next looks; a place that was learnt is kept at once and used from the next night on.
 */
#ifndef SW_USER_PLACE_H
#define SW_USER_PLACE_H

#include "sw_firmware_state.h"

#define SW_USER_PLACE_NIGHT_US 3600000000u /* silence after which the next stay is another night */

void sw_user_place_init(sw_firmware *fw);
/* Whenever settings may have changed, and once the flash was read. */
void sw_user_place_follow(sw_firmware *fw);
/* A second of frames has ended at t_us, device time. Returns 1 when the settings are to be written. */
int32_t sw_user_place_second(sw_firmware *fw, uint64_t t_us);

#endif
