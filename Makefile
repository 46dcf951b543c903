# The commands of the README. Everything is installed into .venv; nothing else is touched.
PYTHON ?= python3
PORT ?= 8000
SIMULATOR_PORT ?= 8001
# COVERAGE=--cov measures what the tests reach, which takes a quarter longer.
COVERAGE ?=
# How long a soak runs, which order its faults come in, and where its report goes.
SOAK_SECONDS ?= 600
SOAK_SEED ?= 1
SOAK_REPORT ?= docs/soak.md
BIN := .venv/bin

.PHONY: demo test faults soak bench bench-servers capacity

demo: .venv/demo
	@$(BIN)/otp-service demo --port $(PORT) --simulator-port $(SIMULATOR_PORT)

test: .venv/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --numprocesses auto --dist worksteal --ignore tests/faults $(COVERAGE)

# What takes long or breaks whole servers: left out above.
faults: .venv/test
	$(BIN)/pytest --numprocesses 2 --dist loadfile tests/faults

# Measures for some ten minutes and writes docs/benchmarks.md. BENCH_SECONDS and BENCH_ROUNDS shorten it.
bench: .venv/test
	$(BIN)/python -m benchmarks

# From what make bench measured.
capacity: .venv/test
	$(BIN)/python -m benchmarks.capacity

bench-servers: .venv/bench
	$(BIN)/python -m benchmarks.servers

soak: .venv/test
	PYTHONPATH=tests $(BIN)/python -m soak --seconds $(SOAK_SECONDS) --seed $(SOAK_SEED) --report $(SOAK_REPORT)

.venv/pip: config/constraints.txt
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/demo: .venv/pip pyproject.toml
	@echo "installing into .venv: half a minute or so"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c config/constraints.txt -e .
	@touch $@

.venv/test: .venv/pip pyproject.toml
	@echo "installing into .venv: a minute or so"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c config/constraints.txt -e '.[dev]'
	@touch $@

.venv/bench: .venv/test
	@$(BIN)/pip install --quiet --disable-pip-version-check -c config/constraints.txt -e '.[dev,bench]'
	@touch $@
