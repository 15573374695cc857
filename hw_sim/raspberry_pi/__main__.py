"""`python -m hw_sim.raspberry_pi SCRIPT`."""

import sys

from hw_sim.raspberry_pi.script import main

sys.exit(main(sys.argv[1:]))
