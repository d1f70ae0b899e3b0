# Every chore has one short name, the same here and in CI.
# Set-up needs Python 3.11+ and make; it happens by itself and only once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
VENDOR := src/hogsend/studio/static/vendor
ASSETS := $(VENDOR)/.ready
ARGS ?=

# Where it is set, every process would compile the whole program anew: half a second each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo dev test soak fmt lint types bench docs reference lock assets screenshots clean

demo: $(READY)
	@$(BIN)/hogsend demo $(ARGS)

dev: $(READY)
	@$(BIN)/hogsend dev $(ARGS)

test: $(READY)
	@$(BIN)/pytest $(ARGS)

soak: $(READY)
	@$(BIN)/pytest -m soak --timeout 7200 $(ARGS)

fmt: $(READY)
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lint: $(READY)
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/lint-imports

types: $(READY)
	@$(BIN)/mypy && $(BIN)/mypy tests/typing && $(BIN)/basedpyright -p tests/typing

bench: $(READY)
	@$(BIN)/hogsend bench $(ARGS)

# The documentation's site, in site/.
docs: $(READY)
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs site

# Writes docs/reference anew from the routes, settings, metrics and commands.
reference: $(READY)
	@UPDATE=1 $(BIN)/pytest -q -n 0 tests/docs/test_reference.py tests/docs/test_made_references.py

# Takes new releases into the lock: hashes, no addresses.
lock: $(READY)
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --upgrade \
		--custom-compile-command "make lock" --quiet --output-file requirements/lock.txt

# The scripts of others that Studio serves, in the versions of package-lock.json.
assets: $(ASSETS)

# The pictures of Studio in the documentation, from the demo's data.
screenshots: $(READY)
	@$(BIN)/python -m tests.studio.screenshots

clean:
	@rm -rf $(VENV) .hogsend node_modules $(VENDOR)

$(ASSETS): package.json package-lock.json .npmrc
	@command -v npm >/dev/null || \
		{ echo "Studio's scripts are fetched with npm, which is not here: install Node.js 20 or newer" >&2; exit 1; }
	@echo "Fetching the scripts that Studio serves ..."
	@npm ci --ignore-scripts --silent
	@mkdir -p $(VENDOR)
	@cp node_modules/htmx.org/dist/htmx.min.js $(VENDOR)/htmx.min.js
	@cp node_modules/uplot/dist/uPlot.iife.min.js $(VENDOR)/uplot.min.js
	@cp node_modules/uplot/dist/uPlot.min.css $(VENDOR)/uplot.min.css
	@cp node_modules/htmx.org/LICENSE $(VENDOR)/htmx.LICENSE
	@cp node_modules/uplot/LICENSE $(VENDOR)/uplot.LICENSE
	@touch $@

$(READY): requirements/lock.txt pyproject.toml | $(ASSETS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "hogsend needs Python 3.11 or newer; this is $$($(PYTHON) --version). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
