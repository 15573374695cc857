"""See the package."""

import sys

from hw_sim.device import FOLDER

sys.stdout.write(f"{FOLDER}\n")
