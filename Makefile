# From a fresh clone: `make itest` runs the example's integration tests, `make test` everything.
# Both make the virtual environment, and find or install an engine and the base image.
# The work is done by the short scripts in .ci/.

PYTHON ?= python3
# Arguments for pytest: of `make test`, and of `make itest` (e.g. ITEST_ARGS='-k orders -x').
PYTEST_ARGS ?= -n 4 --dist worksteal
ITEST_ARGS ?=
# How long `make torture` goes on, in seconds; it ends with the round that is under way then.
TORTURE_SECONDS ?= 600
# Arguments of `make bench`, e.g. BENCH_ARGS='--only one-test --rounds 3'.
BENCH_ARGS ?=

ITESTS ?= tests/integration
# What `make test` runs, on pytest 9 and on pytest 8, stays under ten minutes on two cores.
TESTS ?= tests/integration tests/messages tests/plugin tests/unit
PYTEST8_TESTS ?= tests/messages
# What does not fit is run by CI all the same.
MORE_TESTS ?= tests/engine tests/sharing tests/process tests/swap tests/observe tests/faults
PYTEST8_MORE_TESTS ?= tests/plugin tests/unit tests/sharing/test_scopes.py tests/observe/terminal/test_live.py

VENV := .venv
VENV8 := .venv-pytest8
BIN := $(VENV)/bin
BIN8 := $(VENV8)/bin

.DEFAULT_GOAL := help
# Two test runs side by side would fight for two cores: -j must not start them together.
.NOTPARALLEL:
.PHONY: help itest itest-process servers browser test test-pytest9 test-pytest8 test-more test-all lint format pictures bench torture ready engine base-image \
	stop-engine clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

itest: ready ## the integration tests of the example, in real containers
	$(BIN)/pytest $(ITESTS) $(ITEST_ARGS)

itest-process: $(VENV)/.stamp servers ## the same, with the services as processes: no engine is needed
	$(BIN)/pytest --harness-engine=process $(ITESTS) $(ITEST_ARGS)

test: test-pytest9 test-pytest8 itest-process ## the suite, in under ten minutes: TESTS on pytest 9, PYTEST8_TESTS on 8, the example as processes

test-pytest9: ready servers ## TESTS on pytest 9
	$(BIN)/pytest $(PYTEST_ARGS) $(TESTS)

test-pytest8: ready $(VENV8)/.stamp ## PYTEST8_TESTS on pytest 8
	$(BIN8)/pytest $(PYTEST_ARGS) $(PYTEST8_TESTS)

test-more: ready servers browser $(VENV8)/.stamp ## what `make test` leaves out: engine, sharing, and more on pytest 8
	$(BIN)/pytest $(PYTEST_ARGS) $(MORE_TESTS)
	$(BIN8)/pytest $(PYTEST_ARGS) $(PYTEST8_MORE_TESTS)

test-all: ready servers browser $(VENV8)/.stamp ## the whole suite on both
	$(BIN)/pytest $(PYTEST_ARGS)
	$(BIN8)/pytest $(PYTEST_ARGS)

lint: $(VENV)/.stamp ## ruff and mypy, changing nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy .ci/docker_api.py

pictures: ready browser ## the pictures of docs/, from runs of the example
	$(BIN)/python -m docs.pictures

format: $(VENV)/.stamp ## ruff's fixes and formatting
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

ready: $(VENV)/.stamp engine base-image ## all that the tests need, without running them

servers: ## what `make itest-process` runs beside Python: found, else installed (root)
	@.ci/servers

browser: ## what the tests look at a report with: found, else installed (root)
	@.ci/browser

engine: $(VENV)/.stamp ## an engine that answers: found, else installed and started (root)
	@.ci/engine ensure

base-image: engine ## the image that the Dockerfiles start from: found, pulled or made
	@.ci/base-image

torture: ready ## kills, faults and wrong input, again and again for TORTURE_SECONDS; .torture has the figures
	HARNESS_TORTURE=1 .ci/torture $(TORTURE_SECONDS) .torture $(BIN)/pytest $(PYTEST_ARGS) tests/faults

bench: ready ## how fast it is, against bars and other tools; BENCH_ARGS=--quick sees that it runs
	$(BIN)/python -m bench $(BENCH_ARGS)

stop-engine: ## ends the engine that make started, and no other
	@.ci/engine stop

clean: ## removes virtual environments and caches (the engine stays)
	rm -rf $(VENV) $(VENV8) .pytest_cache .mypy_cache .ruff_cache .hypothesis .harness .bench dist
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

$(VENV)/.stamp: pyproject.toml
	@.ci/venv $(VENV) $(PYTHON) 'pytest>=9'

$(VENV8)/.stamp: pyproject.toml
	@.ci/venv $(VENV8) $(PYTHON) 'pytest<9'
