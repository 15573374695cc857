"""What scripts on a Raspberry Pi import and call, for the emulated board: spidev, gpiod, RPi.GPIO, gpiozero."""
