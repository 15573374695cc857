"""The emulated board in C; `build.py` compiles it, `chip.py` and `core.py` hold it for Python."""
