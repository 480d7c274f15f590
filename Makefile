# `make` alone lists what there is. Everything is set up in .venv on first use.

.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-print-directory --no-builtin-rules

BIN := .venv/bin
RUNTIME := .venv/.ready-runtime
DEV := .venv/.ready-dev
CODE := directory indexer connectors tools tests $(if $(wildcard benchmarks/*.py),benchmarks)

# Test processes; 0 runs them in one. More of pytest's options: make test PYTEST="-k consent"
TEST_WORKERS ?= 2
PYTEST ?=

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(RUNTIME): requirements.txt requirements-build.txt requirements-uv.txt pyproject.toml tools/setup
	@tools/setup runtime

$(DEV): requirements-dev.txt requirements-uv.txt pyproject.toml tools/setup
	@tools/setup dev

.PHONY: setup
setup: $(DEV) ## make .venv with everything for development (PYTHON=python3.12 chooses the interpreter)
	@echo "ready: $(BIN)/mentors --help"

# exec: the program itself gets Ctrl-C and SIGTERM, no shell stays between it and the terminal.
.PHONY: demo
demo: $(RUNTIME) ## load invented institutions and their mentors, index them and serve the search
	@exec $(BIN)/mentors demo

.PHONY: run
run: $(RUNTIME) ## serve with the settings of config/ and the environment (the worker is `mentors worker`)
	@exec $(BIN)/mentors serve

.PHONY: test
test: $(DEV) ## run the tests that need no services; says what was left out
	@$(BIN)/python -m pytest -q -n $(TEST_WORKERS) --dist worksteal $(PYTEST)

.PHONY: lint
lint: $(DEV) ## check style, types and the order of imports
	@$(BIN)/ruff check --output-format concise $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/mypy $(CODE)
	@$(BIN)/lint-imports --no-logo

.PHONY: docs-check
docs-check: $(DEV) ## check links, commands and generated pages of the documentation
	@$(BIN)/python -m pytest -q tests/quality/test_docs.py

# Options of `python -m benchmarks`, for example: make bench BENCH="--folder /var/tmp/bench searching"
BENCH ?=

.PHONY: bench
bench: $(DEV) ## run the benchmarks that take minutes (with Elasticsearch where TEST_ELASTICSEARCH_URL is set)
	@exec $(BIN)/python -m benchmarks $(BENCH)

.PHONY: bench-full
bench-full: $(DEV) ## run all benchmarks up to a million profiles
	@exec $(BIN)/python -m benchmarks --full $(BENCH)

.PHONY: services
services: ## start the real servers for the full test run and print their URLs (then: . var/services.env)
	@tools/services start

.PHONY: services-stop
services-stop: ## stop what `make services` started
	@tools/services stop

.PHONY: wheel
wheel: $(DEV) ## build the wheel into dist/ and try it in an empty environment away from the checkout
	@tools/check-wheel

.PHONY: lock
lock: ## renew the lock files from pyproject.toml (UPGRADE=1 takes newer versions; needs uv)
	@tools/lock $(if $(UPGRADE),--upgrade)

.PHONY: clean
clean: services-stop ## remove .venv, caches and test servers; data in var/ stays
	@rm -rf .venv var/uv var/services build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find directory indexer connectors tools tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
