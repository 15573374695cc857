"""What a firmware includes to run on the emulated board; `python -m hw_sim.device` prints the folder for `gcc -I`."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
