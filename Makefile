# Every target works from a fresh clone: what it needs, it installs into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9

# Programs start in a fraction of the time when compiled modules are kept; some images forbid it.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo run test check bench conformance fuzz lock clean

help: ## Say what each target does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=...") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.runtime: requirements.lock | $(BIN)/uv
	@$(BIN)/uv pip install --quiet --require-hashes -r requirements.lock --python $(BIN)/python
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(BIN)/uv
	@$(BIN)/uv pip install --quiet --require-hashes -r requirements-dev.lock --python $(BIN)/python
	@touch $@ $(VENV)/.runtime

demo: $(VENV)/.runtime ## Show a change travel from Git to prod (ARGS="--once", "--pattern directories")
	@$(BIN)/python manage.py demo $(ARGS)

run: $(VENV)/.runtime ## Serve the portal, the API and a worker on SQLite; print address, password and token
	@$(BIN)/python manage.py run $(ARGS)

test: $(VENV)/.dev ## Run the whole suite on SQLite and on PostgreSQL
	@tests/install-tools
	@echo "== SQLite" && $(BIN)/pytest -q -n 3 --dist worksteal $(ARGS)
	@echo "== PostgreSQL, what uses a database" && \
	  $(BIN)/python -m tests.postgres -- $(BIN)/pytest -q -n 3 --dist worksteal --database-only $(ARGS)

check: $(VENV)/.dev ## Format, lint, types, import contracts, migrations, templates
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/djlint --quiet --check --lint templates

bench: $(VENV)/.dev ## Measure, as ratios against a baseline in the same run
	$(BIN)/python -m tests.benchmarks

conformance: $(VENV)/.dev ## Run conformance vectors: make conformance VECTORS="file ..."
	$(BIN)/python -m tests.conformance $(VECTORS)

fuzz: $(VENV)/.dev ## Fuzz the pure core for SECONDS (600), or only TARGETS="language versions"
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600) $(TARGETS)

lock: | $(BIN)/uv ## Pin the dependencies again
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements-dev.in -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements-dev.lock requirements.in -o requirements.lock

clean: ## Remove what the other targets made
	rm -rf $(VENV) var staticfiles
