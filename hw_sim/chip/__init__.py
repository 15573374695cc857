"""The emulated board in C; `build.py` compiles it."""
