/* Words of the serial line: what the numbers of states, reasons and sources mean.
 *
 * ENTRY(name, value, text): in a packet stands the value; text is what a reader is shown.
 * Rule: a number never changes its meaning; new words go to the end of their list. Read by the C preprocessor
 * and, line by line, by wire/table.py: one ENTRY on a line.
 */
#ifndef SW_WIRE_WORDS_H
#define SW_WIRE_WORDS_H

#define SW_UPLINK_STATES(ENTRY) \
    ENTRY(BOOT, 0, "boot") \
    ENTRY(STANDBY, 1, "standby") \
    ENTRY(MONITORING, 2, "monitoring") \
    ENTRY(STREAMING, 3, "streaming")

#define SW_MOTION_CLASSES(ENTRY) \
    ENTRY(UNKNOWN, 0, "unknown") \
    ENTRY(STILL, 1, "still") \
    ENTRY(MOVING, 2, "moving")

#define SW_REASONS(ENTRY) \
    ENTRY(NONE, 0, "") \
    ENTRY(STARTING, 1, "starting: not enough signal yet") \
    ENTRY(MOVING, 2, "moving") \
    ENTRY(NOBODY, 3, "nobody in the user's place") \
    ENTRY(LOW_QUALITY, 4, "breathing signal too weak or irregular") \
    ENTRY(AMBIGUOUS, 5, "breath detection and spectrum disagree") \
    ENTRY(GAP, 6, "frames lost") \
    ENTRY(SATURATED, 7, "input saturated") \
    ENTRY(STANDBY_SWITCH, 8, "standby switch") \
    ENTRY(CONFIDENT, 9, "confidence above the streaming threshold") \
    ENTRY(RADAR_FAILED, 10, "radar does not answer") \
    ENTRY(SELF_TEST_FAILED, 11, "radar self test failed") \
    ENTRY(BOOTED, 12, "booted") \
    ENTRY(SET_TIME, 13, "the set time") \
    ENTRY(HOST_REQUEST, 14, "the host asked for an early ring") \
    ENTRY(CLOCK_LOST, 15, "clock lost and no host: rung early to be safe") \
    ENTRY(CLOCK_STEPPED, 16, "the clock was set: the earlier instant counts") \
    ENTRY(SNOOZE_OVER, 17, "the snooze is over") \
    ENTRY(BUTTON, 18, "button") \
    ENTRY(COMMAND, 19, "command of the host") \
    ENTRY(CLOCK_UNKNOWN, 20, "the clock is not set") \
    ENTRY(IN_THE_PAST, 21, "the instant is in the past") \
    ENTRY(FLASH_FAILED, 22, "flash cannot be written") \
    ENTRY(NOT_ARMED, 23, "no alarm is armed") \
    ENTRY(WAS_OFF, 24, "no power at the set time: rung as soon as it came back") \
    ENTRY(NOBODY_ANSWERED, 25, "nobody answered: it stopped by itself") \
    ENTRY(MISO_LOW, 26, "radar reads as zeros: no chip, no power, or a broken line") \
    ENTRY(MISO_HIGH, 27, "radar reads as ones: no chip, no power, or a broken line") \
    ENTRY(BUS_BITS, 28, "single bits from the radar are wrong") \
    ENTRY(BUS_CLOCKS, 29, "clocks on the radar's bus are lost or doubled") \
    ENTRY(BUS_LATE, 30, "radar answers one bit late: its bus is too fast") \
    ENTRY(BUS_SPLIT, 31, "bursts are cut: chip select is released inside them") \
    ENTRY(BUS_SLOW, 32, "radar's bus is too slow for its data") \
    ENTRY(STATUS_MIRRORED, 33, "radar's status bits stand in mirrored order") \
    ENTRY(STATUS_FALSE, 34, "radar reports FIFO errors without one") \
    ENTRY(IRQ_SILENT, 35, "radar's interrupt line stays low") \
    ENTRY(IRQ_STUCK, 36, "radar's interrupt line stays high") \
    ENTRY(IRQ_INVERTED, 37, "radar's interrupt line is inverted") \
    ENTRY(IRQ_MISSED, 38, "interrupts of the radar are missed") \
    ENTRY(IRQ_LATE, 39, "interrupts of the radar come late") \
    ENTRY(IRQ_FALSE, 40, "interrupts without a frame") \
    ENTRY(IRQ_EARLY, 41, "interrupt before a frame is complete: the level was not taken") \
    ENTRY(OSCILLATOR_OFF, 42, "radar's oscillator is off") \
    ENTRY(FRAMES_ENDED, 43, "radar stopped after a number of frames") \
    ENTRY(OVERFLOW, 44, "radar's FIFO ran over") \
    ENTRY(UNDERFLOW, 45, "radar's FIFO ran empty") \
    ENTRY(FIFO_SHIFTED, 46, "samples are shifted against antennas") \
    ENTRY(FRAME_REPEATED, 47, "the same frame came twice") \
    ENTRY(FRAME_DROPPED, 48, "a frame is missing") \
    ENTRY(FRAME_JITTER, 49, "frames come irregularly") \
    ENTRY(FRAME_PAUSE, 50, "frames paused") \
    ENTRY(MEMORY_BROKEN, 51, "radar's memory fails its test") \
    ENTRY(WRONG_CHIP, 52, "another radar chip than expected") \
    ENTRY(RESET_STUCK, 53, "radar's reset does not end") \
    ENTRY(BROWN_OUT, 54, "radar lost its power and its set-up") \
    ENTRY(ANTENNA_DEAD, 55, "an antenna receives nothing") \
    ENTRY(ANTENNA_MISMATCH, 56, "one antenna has changed against the others") \
    ENTRY(LEAKAGE, 57, "strong echo right in front of the radar") \
    ENTRY(ADC_OFFSET, 58, "radar's converter is off its middle") \
    ENTRY(FIRST_CHIRP, 59, "first chirp of a frame is not settled") \
    ENTRY(RAMP, 60, "radar's sweep is not linear") \
    ENTRY(REFERENCE, 61, "radar's clock runs wrong") \
    ENTRY(INTERFERENCE, 62, "another radar disturbs") \
    ENTRY(SUPPLY_RIPPLE, 63, "a tone of the supply is in the signal") \
    ENTRY(LINE_GARBLED, 64, "serial line garbles bytes") \
    ENTRY(LINE_BROKEN, 65, "host has not been heard") \
    ENTRY(LINE_SLOW, 66, "serial line takes less than is sent") \
    ENTRY(FLASH_SLOW, 67, "flash takes longer than it may") \
    ENTRY(FLASH_WORN, 68, "a place in flash does not hold what is written") \
    ENTRY(FLASH_TORN, 69, "a write to flash was interrupted") \
    ENTRY(CLOCK_ABSENT, 70, "clock chip does not answer") \
    ENTRY(CLOCK_STOPPED, 71, "clock chip stands still") \
    ENTRY(CLOCK_POWER_LOST, 72, "clock chip lost its battery") \
    ENTRY(CLOCK_DRIFT, 73, "clock chip and radar count time differently") \
    ENTRY(WATCHDOG, 74, "restarted by the watchdog") \
    ENTRY(POWER_DIP, 75, "restarted after a dip of the supply") \
    ENTRY(CLIMATE_ABSENT, 76, "temperature and humidity sensor does not answer") \
    ENTRY(CLIMATE_CHECK, 77, "temperature and humidity sensor sends wrong checksums") \
    ENTRY(LIGHT_ABSENT, 78, "light sensor does not answer") \
    ENTRY(LIGHT_SATURATED, 79, "too bright for the light sensor") \
    ENTRY(BUTTON_STUCK, 80, "button is pressed for too long") \
    ENTRY(ENTROPY_FAILED, 81, "no random numbers") \
    ENTRY(NOT_CALIBRATED, 82, "antennas are not calibrated") \
    ENTRY(CALIBRATION_LOST, 83, "calibration in flash is damaged") \
    ENTRY(NOT_EMPTY, 84, "something moves: the room is not empty") \
    ENTRY(NO_REFLECTOR, 85, "no reflector at that place") \
    ENTRY(TEMPERATURE, 86, "radar chip is too hot or too cold") \
    ENTRY(NOT_TOLD, 87, "this sensor does not tell") \
    ENTRY(BEYOND_RANGE, 88, "farther than this sensor measures breathing") \
    ENTRY(REPEATED, 89, "sensor only repeats its last value") \
    ENTRY(STORE_FULL, 90, "device's store was full") \
    ENTRY(STANDBY_COMMAND, 91, "standby by command of the host") \
    ENTRY(NOT_RINGING, 92, "nothing rings") \
    ENTRY(TOO_EARLY, 93, "before the wake window") \
    ENTRY(NOT_POSSIBLE, 94, "the radar or its evaluation cannot do that") \
    ENTRY(NOT_PAIRED, 95, "the device is not paired with a host")

#define SW_RESETS(ENTRY) \
    ENTRY(POWER, 0, "power on") \
    ENTRY(PIN, 1, "reset pin") \
    ENTRY(WATCHDOG, 2, "watchdog") \
    ENTRY(DIP, 3, "dip of the supply")

#define SW_CALIBRATIONS(ENTRY) \
    ENTRY(NONE, 0, "none") \
    ENTRY(MEASURING, 1, "measuring") \
    ENTRY(STORING, 2, "being stored") \
    ENTRY(DONE, 3, "stored") \
    ENTRY(FAILED, 4, "failed")

#define SW_PROCEDURES(ENTRY) \
    ENTRY(EMPTY_ROOM, 1, "empty room") \
    ENTRY(CORNER, 2, "corner reflector") \
    ENTRY(FORGET, 3, "forget the calibration")

#define SW_GAPS(ENTRY) \
    ENTRY(WAVES, 1, "waveforms") \
    ENTRY(PACKETS, 2, "packets")

#define SW_STANDBYS(ENTRY) \
    ENTRY(SWITCH, 1, "switch") \
    ENTRY(COMMAND, 2, "command")

#define SW_SIDES(ENTRY) \
    ENTRY(UNKNOWN, 0, "unknown") \
    ENTRY(LEFT, 1, "left") \
    ENTRY(RIGHT, 2, "right")

#define SW_CLOCK_SOURCES(ENTRY) \
    ENTRY(UNKNOWN, 0, "unknown") \
    ENTRY(BATTERY, 1, "battery-backed clock") \
    ENTRY(HOST, 2, "host")

#define SW_ALARM_STATES(ENTRY) \
    ENTRY(OFF, 0, "off") \
    ENTRY(STORING, 1, "being stored") \
    ENTRY(ARMED, 2, "armed") \
    ENTRY(RINGING, 3, "ringing") \
    ENTRY(SNOOZED, 4, "snoozed")

#define SW_ALARM_DEEDS(ENTRY) \
    ENTRY(ARMED, 1, "armed") \
    ENTRY(RANG, 2, "rang") \
    ENTRY(SNOOZED, 3, "snoozed") \
    ENTRY(DISMISSED, 4, "dismissed") \
    ENTRY(CANCELLED, 5, "cancelled")

#define SW_ALARM_MAKERS(ENTRY) \
    ENTRY(NOBODY, 0, "nobody") \
    ENTRY(DEVICE, 1, "device") \
    ENTRY(CLOUD, 2, "cloud") \
    ENTRY(BUTTON, 3, "button")

#define SW_REFUSALS(ENTRY) \
    ENTRY(NONE, 0, "") \
    ENTRY(VERSION, 1, "no protocol version in common") \
    ENTRY(LAYOUT, 2, "the same protocol version with other packet tables") \
    ENTRY(NOT_PAIRED, 3, "the device is not paired: run stillwave pair")

#define SW_PAIRINGS(ENTRY) \
    ENTRY(REFUSED, 0, "refused: the device is paired or damaged, and its button is not held") \
    ENTRY(STORING, 1, "the key is being stored") \
    ENTRY(STORED, 2, "the key is stored") \
    ENTRY(NO_ENTROPY, 3, "refused: the device has no random numbers") \
    ENTRY(FLASH_FAILED, 4, "refused: flash cannot be written")

#endif
