# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
#
# make demo   renders two drives, completes their bags, writes out/demo/
# make test   runs the tests, in one process for each core
# make lint   ruff and mypy
#
# Each does all its own set-up in .venv. TORCH_INDEX_URL, when set, is where pip takes torch from.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TORCH_INDEX := $(if $(TORCH_INDEX_URL),--index-url $(TORCH_INDEX_URL))

.PHONY: demo test lint clean

demo: $(INSTALLED)
	$(BIN)/python -m rosbag_tools.demo

# A process of tests takes about 1 GB, hence at most 8. One thread each: more would only wait for
# each other. In pyproject.toml these options would break pytest where xdist is missing, as in ROS.
# Hypothesis draws the same examples every time, so that only a change of the code changes the
# outcome; plain pytest draws new ones.
test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 \
	  --dist worksteal --hypothesis-seed 0

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) out build *.egg-info

$(INSTALLED): setup.cfg constraints/standalone.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo 'Python 3.10 or newer is needed: sudo apt-get install python3 python3-venv,' \
	         'or make PYTHON=python3.11'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo 'python3-venv is missing: sudo apt-get install python3-venv'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check $(TORCH_INDEX) \
	  --constraint constraints/standalone.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check \
	  --constraint constraints/standalone.txt --editable '.[dev]'
	@touch $@
