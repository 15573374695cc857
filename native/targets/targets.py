"""The homes of the firmware outside Python: files, flags and compiler of each. A row is a program.

Rule: flags say what CPU it is and what is planted; what decides about bits is the same for all (build.py).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Compiler:
    """variable: environment variable that names another one. install: the command that installs it."""

    variable: str
    program: str
    install: str


@dataclass(frozen=True)
class Target:
    """files: beside core and bridge, under native/targets. planted: flags for these files and for the linker alone."""

    files: tuple[str, ...]
    compiler: Compiler
    flags: tuple[str, ...] = ()
    planted: tuple[str, ...] = ()


APT = "apt-get install --no-install-recommends"
HOST = Compiler("CC", "gcc", f"{APT} gcc libc6-dev")
BARE = Compiler("ARM_CC", "arm-none-eabi-gcc", f"{APT} gcc-arm-none-eabi libnewlib-arm-none-eabi")
AARCH64 = Compiler("AARCH64_CC", "aarch64-linux-gnu-gcc", f"{APT} gcc-aarch64-linux-gnu libc6-dev-arm64-cross")

POSIX = ("posix/main.c",)
START = ("cortex_m/start.c", "cortex_m/fault.c", "cortex_m/semihosting.c", "cortex_m/bridge_files.c")
LOCKSTEP = (*START, "cortex_m/lockstep.c")
INTERACTIVE = (*START, "mps2_an386/cmsdk.c", "mps2_an386/interactive.c")
SANITIZERS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
THUMB = ("-g", "-mthumb", "-mfloat-abi=hard", "-ffunction-sections", "-fdata-sections", "-nostartfiles")
LINK = ("-Wl,--gc-sections",)


def bare(board: str, *cpu: str) -> tuple[str, ...]:
    """Flags of an image for a board with this CPU."""
    return (*THUMB, *cpu, *LINK, f"-Wl,-T,{board}/memory.ld")


M4 = bare("mps2_an386", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16")
M7 = bare("mps2_an500", "-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16")
M33 = bare("mps2_an505", "-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16")

TARGET_TABLE = {
    "posix": Target(POSIX, HOST),
    "sanitized": Target(POSIX, HOST, SANITIZERS),
    # writes one byte behind its memory before it answers: the sanitizer must see it
    "overflow": Target(POSIX, HOST, SANITIZERS, ("-DSW_DELIBERATE_OVERFLOW",)),
    # shifts a word by its width: no stray access, but undefined
    "undefined": Target(POSIX, HOST, SANITIZERS, ("-DSW_DELIBERATE_SHIFT",)),
    # the device without its alarm guard: what must be late is late
    "unguarded": Target(POSIX, HOST, ("-DSW_WITHOUT_ALARM_GUARD",)),
    # a store that erases the sector of its newest record: a power cut must take what was kept
    "unspared": Target(POSIX, HOST, ("-DSW_WITHOUT_SPARE_SECTOR",)),
    # the device without the handler of one fault, named by the environment's SW_WITHOUT
    "without": Target(POSIX, HOST, ("-DSW_WITHOUT_HANDLER",)),
    # its floats flush to zero: the firmware must refuse to start
    "flushing": Target(POSIX, HOST, (), ("-DSW_DELIBERATE_FLUSH",)),
    "aarch64": Target(POSIX, AARCH64, ("-static",)),
    "arm": Target(LOCKSTEP, BARE, M4),
    "arm_m7": Target(LOCKSTEP, BARE, M7),
    "arm_m33": Target(LOCKSTEP, BARE, M33),
    # its serial line is UART0 and its time a timer of its own: for people, not for digests
    "arm_uart": Target(INTERACTIVE, BARE, M4),
    # the same with a ring that is always full: its receiver must wait, and lose nothing
    "arm_uart_full": Target(INTERACTIVE, BARE, M4, ("-DSW_UART_RING=4u",)),
    # planted faults, by the numbers of cortex_m/deliberate.h
    "arm_undefined": Target(LOCKSTEP, BARE, M4, ("-DSW_DELIBERATE=1",)),
    "arm_no_memory": Target(LOCKSTEP, BARE, M4, ("-DSW_DELIBERATE=2",)),
    "arm_deep_stack": Target(LOCKSTEP, BARE, M4, ("-DSW_DELIBERATE=3",)),
    "arm_m33_deep_stack": Target(LOCKSTEP, BARE, M33, ("-DSW_DELIBERATE=3",)),
    "arm_flushing": Target(LOCKSTEP, BARE, M4, ("-DSW_DELIBERATE=4",)),
    "arm_stray": Target(LOCKSTEP, BARE, M4, ("-DSW_DELIBERATE=5",)),
    # more than its limits: neither may link
    "arm_much_ram": Target(LOCKSTEP, BARE, M4, ("-Wl,--defsym=sw_ram_limit_asked=65536",)),
    "arm_much_flash": Target(LOCKSTEP, BARE, M4, ("-Wl,--defsym=sw_flash_limit_asked=65536",)),
}
