"""The cloud side: a process of its own behind the serial line. Rule: it knows packets, nothing of the device."""
