# The entry points. Rule: every target sets up what it needs and none asks for root.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
HOURS  ?= 8
SEED   ?= 1
ALARM  ?= 06:25
VRB_OUT ?= build

C_SOURCES := $(wildcard native/*.py native/src/*.[ch] native/include/*.h wire/*.h hw_sim/chip/*.[chp]*)
C_FLAGS   := -std=c11 -O3 -ffp-contract=off -fno-math-errno
C_STRICT  := -Wall -Wextra -pedantic -Werror -Wmissing-prototypes -Wdouble-promotion -Wvla -Wconversion
C_PATHS   := -Inative/include -Iwire -Inative/targets
M4_FLAGS  := -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help night test hil bench evidence lint size vrb doctor clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1@/p' $(MAKEFILE_LIST) | awk -F@ '{ printf "  make %-8s  %s\n", $$1, $$2 }'

night: $(VENV)/.built ## set everything up, simulate one night (HOURS=8 SEED=1 ALARM=06:25), end with report and picture
	@$(BIN)/stillwave night single --hours $(HOURS) --seed $(SEED) $(if $(ALARM),--alarm $(ALARM))

test: $(VENV)/.built ## set everything up and run the tests (six to ten minutes)
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q -m "not slow"

hil: $(VENV)/.built ## the device in the loop on host, posix and arm, or on TARGET=arm, serial:PORT, replay:FILE alone
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q $(if $(TARGET),tests/hil/device --sw-target $(TARGET),tests/hil -m "not slow")

bench: $(VENV)/.built ## speed, each figure beside a floor measured in the same run
	@$(BIN)/stillwave bench

lint: $(VENV)/.built ## ruff, mypy --strict, our C with warnings as errors
	$(BIN)/ruff check .
	$(BIN)/mypy
	@set -e; for f in $(wildcard native/src/*.c hw_sim/chip/*.c native/targets/*.c native/targets/posix/*.c); do \
	    gcc $(C_FLAGS) $(C_STRICT) $(C_PATHS) -c -o /dev/null $$f; done; echo "C: clean"
	@set -e; command -v arm-none-eabi-gcc >/dev/null || exit 0; \
	for f in $(wildcard native/src/*.c native/targets/*.c native/targets/*_*/*.c); do \
	    arm-none-eabi-gcc $(M4_FLAGS) $(C_FLAGS) $(C_STRICT) $(C_PATHS) -c -o /dev/null $$f; done; echo "C for ARM: clean"

evidence: $(VENV)/.built ## hours, resumable: measure again what docs/evidence.md says
	@$(BIN)/python -m bench.evidence stillwave-out/evidence

size: $(VENV)/.built ## flash, RAM and stack of the firmware; fails on any data or bss in its core
	@$(BIN)/python native/size.py

vrb: $(VRB_OUT)/libvrb.so $(VRB_OUT)/vrb.h ## the emulated chip for a driver in C, build/libvrb.so and build/vrb.h, no Python

# Only what bears VRB_API is exported; what the bare chip does not need (the board around it) is dropped.
$(VRB_OUT)/libvrb.so: $(wildcard hw_sim/chip/*.[ch])
	@sh .ci/need gcc
	@mkdir -p $(VRB_OUT)
	@gcc $(C_FLAGS) -shared -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -Wl,--gc-sections \
	    -Wl,-soname,libvrb.so -o $@ $(wildcard hw_sim/chip/*.c)
	@echo "built $@"

$(VRB_OUT)/vrb.h: hw_sim/chip/vrb.h
	@mkdir -p $(VRB_OUT)
	@cp $< $@

doctor: $(VENV)/.built ## what is installed, built and found
	@$(BIN)/stillwave doctor

clean: ## remove the environment and everything built
	rm -rf $(VENV) build native/targets/build *.egg-info edge/_core.* hw_sim/_board.*

# A missing system package is named once, in one line, and nothing else happens.
$(VENV)/.installed: pyproject.toml setup.py constraints.txt
	@PYTHON=$(PYTHON) sh .ci/need gcc python
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) ..."
	@$(BIN)/pip install -qq --constraint constraints.txt setuptools cffi
	@$(BIN)/pip install -qq --constraint constraints.txt --no-build-isolation --editable '.[sim,report,test,dev]'
	@touch $(VENV)/.fresh $@

# The installation builds both extensions; afterwards an edited source alone rebuilds them.
$(VENV)/.built: $(VENV)/.installed $(C_SOURCES)
	@if [ -e $(VENV)/.fresh ]; then rm $(VENV)/.fresh; else \
	    echo "building edge._core and hw_sim._board ..." && \
	    $(BIN)/python native/build.py && $(BIN)/python hw_sim/chip/build.py; fi
	@touch $@
