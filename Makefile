# From a fresh clone: `make itest` runs the example's integration tests, `make test` everything.
# Both make the virtual environment, and find or install an engine and the base image.
# The work is done by the short scripts in .ci/.

PYTHON ?= python3
# Arguments for pytest: of `make test`, and of `make itest` (e.g. ITEST_ARGS='-k orders -x').
PYTEST_ARGS ?= -n 2
ITEST_ARGS ?=

ITESTS ?= tests/integration
# What a new pytest release could break, and the older pytest must therefore run too.
PYTEST8_TESTS ?= tests/plugin tests/messages tests/unit

VENV := .venv
VENV8 := .venv-pytest8
BIN := $(VENV)/bin
BIN8 := $(VENV8)/bin

.DEFAULT_GOAL := help
# Two test runs side by side would fight for two cores: -j must not start them together.
.NOTPARALLEL:
.PHONY: help itest test test-pytest9 test-pytest8 test-all lint format ready engine base-image \
	stop-engine clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

itest: ready ## the integration tests of the example, in real containers
	$(BIN)/pytest $(ITESTS) $(ITEST_ARGS)

test: test-pytest9 test-pytest8 ## the whole suite on pytest 9, and what may differ on pytest 8

test-pytest9: ready ## the whole suite on pytest 9
	$(BIN)/pytest $(PYTEST_ARGS)

test-pytest8: ready $(VENV8)/.stamp ## on pytest 8: PYTEST8_TESTS
	$(BIN8)/pytest $(PYTEST_ARGS) $(PYTEST8_TESTS)

test-all: ready $(VENV8)/.stamp ## the whole suite on both
	$(BIN)/pytest $(PYTEST_ARGS)
	$(BIN8)/pytest $(PYTEST_ARGS)

lint: $(VENV)/.stamp ## ruff and mypy, changing nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy .ci/docker_api.py

format: $(VENV)/.stamp ## ruff's fixes and formatting
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

ready: $(VENV)/.stamp engine base-image ## all that the tests need, without running them

engine: $(VENV)/.stamp ## an engine that answers: found, else installed and started (root)
	@.ci/engine ensure

base-image: engine ## the image that the Dockerfiles start from: found, pulled or made
	@.ci/base-image

stop-engine: ## ends the engine that make started, and no other
	@.ci/engine stop

clean: ## removes virtual environments and caches (the engine stays)
	rm -rf $(VENV) $(VENV8) .pytest_cache .mypy_cache .ruff_cache .harness dist
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

$(VENV)/.stamp: pyproject.toml
	@.ci/venv $(VENV) $(PYTHON) 'pytest>=9'

$(VENV8)/.stamp: pyproject.toml
	@.ci/venv $(VENV8) $(PYTHON) 'pytest<9'
