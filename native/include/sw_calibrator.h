/* Calibration on the device: the two procedures, what they left in flash, and the host's questions about it.
 *
 * A procedure measures (block calibration), applies what it found, measures again with it, and stores; any of these may
 * fail, and then what was there before is there again. Both results are one record in sectors 2 and 3, so a power failure
 * leaves the old or the new one. It belongs to the radar config it was measured with: with another one it rests.
 * Rule: nothing is sent unasked, and nothing is measured unasked.
 */
#ifndef SW_CALIBRATOR_H
#define SW_CALIBRATOR_H

#include <stdint.h>
#include "sw_calibration.h"
#include "sw_flash_store.h"
#include "sw_packet.h"

#define SW_CALIBRATOR_SECTOR 2u
#define SW_CALIBRATOR_SLOT_BYTES 1024u
#define SW_CALIBRATOR_LOAD_US 5000u       /* the flash was busy: again after this ... */
#define SW_CALIBRATOR_LOADS_MAX 12000u    /* ... so often, a minute */
#define SW_CALIBRATOR_PATIENCE_US 60000000u /* a procedure that has not ended by then has no frames */
#define SW_CALIBRATOR_REMIND_US 30000000u /* damaged in flash: noticed again */
#define SW_CALIBRATOR_FARTHEST_MM 3000u   /* of the reflector */
#define SW_CALIBRATOR_NEAREST_MM 300u
#define SW_CALIBRATOR_WIDEST_CDEG 6000    /* of its azimuth and elevation */
#define SW_CALIBRATOR_GAIN_DB 12.0f       /* most that an antenna may differ from RX1 */

typedef struct sw_calibrator {
    sw_flash_store store;
    uint32_t loaded;     /* 1: the flash was read, or given up */
    uint32_t loads;      /* tries so far */
    uint32_t lost;       /* 1: what is in flash is damaged, or was */
    uint32_t mending;    /* 1: what a power cut damaged is written once more, unasked */
    uint32_t state;      /* SW_CALIBRATION_* */
    uint32_t reason;     /* why the last procedure failed, SW_REASON_*; 0 none */
    uint32_t procedure;  /* SW_PROCEDURE_* under way, or the last */
    uint32_t checking;   /* 1: it measures with what it found */
    uint64_t nonce;      /* of the last CALIBRATE that was taken */
    uint64_t until_us;   /* the procedure under way has until then */
    uint64_t at_us;      /* next step; UINT64_MAX none */
    sw_corner corner;    /* where the reflector was said to be, what was found */
    uint8_t record[SW_CALIBRATOR_SLOT_BYTES]; /* in use; being written */
} sw_calibrator;

struct sw_firmware;

void sw_calibrator_init(sw_calibrator *c);
/* At at_us: reads the flash, writes it, ends what takes too long. */
void sw_calibrator_step(struct sw_firmware *fw, uint64_t now_us);
/* The chain has had a frame. */
void sw_calibrator_frame(struct sw_firmware *fw, uint64_t now_us);
/* The radar stops: a procedure under way ends with this reason. */
void sw_calibrator_stop(struct sw_firmware *fw, uint64_t now_us, uint32_t reason);
/* Another radar config is in force: the calibration is used while it belongs to it. */
void sw_calibrator_follow(struct sw_firmware *fw);
void sw_calibrator_command(struct sw_firmware *fw, uint64_t now_us, const sw_packet_calibrate *command);
void sw_calibrator_state(const struct sw_firmware *fw, uint64_t nonce, sw_packet_calibration *out);

#endif
