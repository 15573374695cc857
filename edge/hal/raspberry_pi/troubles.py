"""What can be wrong with a Pi and its wires, each as one line that names the cure.

Rule: an error of the operating system is never shown as it is; who reads it knows what to do next.
"""

from __future__ import annotations

import errno

BOOT_CONFIG = "/boot/firmware/config.txt"
GROUPS = {"spi": "spi", "gpio": "gpio", "i2c": "i2c"}


class PiTrouble(RuntimeError):
    """The device cannot be started as it is set up; one line with the cure."""


class ChipTrouble(PiTrouble):
    """The radar chip does not answer as it should; one line with the cure."""


def no_permission(what: str, path: str) -> PiTrouble:
    """what: spi, gpio, i2c: the group of the device file."""
    group = GROUPS[what]
    return PiTrouble(
        f"{path}: no permission; add yourself to its group and log in again: sudo usermod -aG {group} $USER"
    )


def spi_trouble(error: OSError, path: str) -> PiTrouble:
    """Of opening or setting up the SPI device."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return no_permission("spi", path)
    if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return PiTrouble(f"{path} is not there: SPI is not enabled; put dtparam=spi=on into {BOOT_CONFIG} and reboot")
    if error.errno == errno.EBUSY:
        return PiTrouble(f"{path} is busy: another program has it; `sudo fuser -v {path}` names it, stop that first")
    return PiTrouble(
        f"{path}: {error.strerror or error}; does a kernel overlay use the same pins? see dtoverlay in {BOOT_CONFIG}"
    )


def gpio_trouble(error: OSError, path: str, held: str = "") -> PiTrouble:
    """Of opening the GPIO chip or requesting lines. held: "GPIO25 by NAME", when somebody holds one."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return no_permission("gpio", path)
    if error.errno == errno.EBUSY:
        who = held or "a line is in use"
        return PiTrouble(f"{path}: busy: {who}; stop that program, or choose another pin with --pins")
    if error.errno == errno.ENOENT:
        return PiTrouble(f"{path} is not there; `gpiodetect` lists the GPIO chips, choose one with --gpio-chip")
    return PiTrouble(f"{path}: {error.strerror or error}; `gpioinfo` shows who has which line")


def i2c_trouble(error: OSError, path: str) -> PiTrouble:
    """Of opening the I2C bus."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return no_permission("i2c", path)
    if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return PiTrouble(
            f"{path} is not there: I2C is not enabled; put dtparam=i2c_arm=on into {BOOT_CONFIG} and i2c-dev into "
            "/etc/modules, and reboot"
        )
    return PiTrouble(f"{path}: {error.strerror or error}")
