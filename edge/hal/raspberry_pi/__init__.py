"""A Raspberry Pi with the radar chip on its pin header (docs/raspberry-pi.md has the wiring)."""
