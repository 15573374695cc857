"""Boards that the firmware runs on with Python between it and the wires."""
