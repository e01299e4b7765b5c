# Two commands do everything from a fresh clone: `make run` and `make test`. Both set up .venv themselves.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BRIEF ?= profiles/briefs/customs-invoices.toml
# One worker more than cores: tests of the app and of child processes wait half of their time.
WORKERS ?= 3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq -c constraints.txt

# Idle OpenMP threads that spin make small training loops ten times slower on busy cores.
export OMP_NUM_THREADS := 1
export OMP_WAIT_POLICY := passive
# Where nothing may be written, every worker and every child compiles tests and libraries again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: site man run test lint collected tests release-tests fuzz bench examples format hashes sbom licences audit clean

run: .venv/.run
	$(BIN)/advisor $(BRIEF)

# Collecting once, beside the checks of types, compiles tests and libraries once and not per worker.
test: .venv/.test
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=none lint collected
	@$(MAKE) --no-print-directory tests

collected: .venv/.test
	@$(BIN)/python -m pytest --collect-only -q > /dev/null

lint: .venv/.test
	@echo "== style" && $(BIN)/ruff check && $(BIN)/ruff format --check
	@echo "== types" && $(BIN)/mypy

tests: .venv/.test
	@echo "== tests" && $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

# What a version has to pass besides, before it goes out: other Pythons, pipx, uvx.
release-tests: .venv/.test
	$(BIN)/python -m pytest -m release

bench: .venv/.test
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/reports.py

examples: .venv/.run
	$(BIN)/python -m tools.build_examples docs/examples

format: .venv/.test
	$(BIN)/ruff check --fix && $(BIN)/ruff format

.venv/.made:
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or later found: install one, or use make PYTHON=/path/to/python"; exit 2; }
	$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip --disable-pip-version-check install -qq --upgrade "pip>=25.1"
	@touch $@

.venv/.run: .venv/.made pyproject.toml constraints.txt
	@echo "== installing advisor into .venv"
	@$(PIP) -e '.[report]'
	@touch $@

# Python compiles what is imported: a tenth of what pip would compile in half of the time of this step.
.venv/.test: .venv/.made pyproject.toml constraints.txt requirements-test.txt
	@echo "== installing advisor, its test tools and the calibration libraries into .venv (some minutes, once)"
	@$(PIP) --no-compile --no-deps --require-hashes -r requirements-test.txt
	@$(PIP) -e '.[calibrate,cluster,mcp,report,update]' --group dev
	@touch $@ .venv/.run

# FUZZ_EXAMPLES briefs, about six times as many rows of data, a tenth or less of every other input.
fuzz: .venv/.test
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-20000} $(BIN)/python -m pytest -q -s tests/fuzz

# First finds what each test runs (some minutes, kept in build/mutation), then takes seconds per change.
mutate: .venv/.mutation
	$(BIN)/python -m tools.mutate --seed $${SEED:-$$(date +%s)} --count $${MUTANTS:-60}

.venv/.mutation: .venv/.test
	@$(PIP) --group mutation
	@touch $@

.venv-release/.made: pyproject.toml
	$(PYTHON) -m venv .venv-release
	@.venv-release/bin/python -m pip --disable-pip-version-check install -qq "pip>=25.1"
	@.venv-release/bin/python -m pip --disable-pip-version-check install -qq -c constraints.txt --group release
	@touch $@

hashes sbom licences audit: .venv/.test .venv-release/.made
	@PATH="$$PATH:$(CURDIR)/.venv-release/bin" $(BIN)/python -m tools.supply_chain $@

site: .venv-docs/.made
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet --strict
	@echo "wrote build/site"

man: .venv-docs/.made
	@mkdir -p build/man && .venv-docs/bin/click-man --target build/man advisor
	@echo "wrote build/man"

.venv-docs/.made: .venv/.made pyproject.toml constraints.txt
	$(BIN)/python -m venv .venv-docs
	@.venv-docs/bin/python -m pip install -qq --upgrade "pip>=25.1"
	@.venv-docs/bin/python -m pip install -qq -c constraints.txt -e . --group docs
	@touch $@

clean:
	rm -rf .venv .venv-docs .venv-release build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
