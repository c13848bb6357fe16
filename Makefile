# Every target does its own set-up: a virtual environment in .venv with the versions of constraints.txt.
#   make search ARGS="--layers 8 --budget 32"     make test ARGS="tests/genome"
PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable

.DEFAULT_GOAL := help
.PHONY: help search test lint format clean

help:
	@echo "make search   find a network: sets up on the first call, then runs python -m apps.search \$$(ARGS)"
	@echo "make test     run the tests: sets up on the first call, then runs pytest \$$(ARGS)"
	@echo "make lint     check style and types (ruff, mypy --strict)"
	@echo "make format   rewrite the sources in the project's style"
	@echo "make clean    remove the virtual environment and all caches; runs and results stay"

search: $(RUNTIME)
	$(BIN)/python -m apps.search $(ARGS)

# Two processes of one thread each: more threads only contend on networks as small as the tests'.
test: $(DEV)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

lint: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict

format: $(DEV)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

$(RUNTIME): pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) .
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) ".[dev]"
	@touch $@ $(RUNTIME)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "Python 3.11 or newer is needed, but '$(PYTHON) --version' says: $$($(PYTHON) --version 2>&1). Name another with: make PYTHON=python3.12 ..." >&2; \
	    exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	    rm -rf $(VENV); \
	    echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu the package python3-venv brings it." >&2; \
	    exit 1; }

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
