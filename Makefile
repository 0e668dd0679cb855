# The commands of the project; `make` alone lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 10140

.DEFAULT_GOAL := help
.PHONY: help demo test check fix docs soak lock clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/runs ## run the exporter on an embedded API, on port 10140 (PORT=… for another)
	@$(BIN)/bycloud-backup-exporter demo --web.listen-address=127.0.0.1:$(PORT)

test: $(VENV)/tests ## run the whole suite but for what is marked slow
	$(BIN)/python -m pytest -m "not slow"

check: $(VENV)/tests ## lint, types, and the suite in random order with branch coverage
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy exporter tests benchmarks
	$(BIN)/python -m pytest --cov --cov-report=term-missing

fix: $(VENV)/tests ## let ruff mend and format what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/tests ## write what is generated: docs/metrics.md
	$(BIN)/python -m tests.generated

soak: $(VENV)/runs ## ten minutes of 50 scrapers on an API that fails in every way
	$(BIN)/python -m benchmarks.soak

lock: $(VENV)/tests ## resolve the lock files anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command 'make lock' pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command 'make lock' pyproject.toml --group dev -o requirements-dev.lock

clean: ## forget the virtual environment and every cache
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/runs: $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/tests: $(VENV)/runs requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
