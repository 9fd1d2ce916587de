# A clean clone needs no more than `make site` or `make test`: they create .venv and install what constraints.txt pins.
# pip's own settings (PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS, ...) are taken from the environment.
PYTHON ?= python3
PY := .venv/bin/python
STAMP := .venv/installed
PROFILE := $(or $(ADVLAB_PROFILE),standard)
# Only the standard profile is built into site/, which is what gets published.
SITE := site$(if $(filter-out standard,$(PROFILE)),-$(PROFILE))
PYTEST := $(PY) -m pytest

# Material announces its successor's incompatibility on every start; the answer is written in mkdocs-material's bound.
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env site serve draft full fresh test explore check lint types imports prose lighthouse check-site benchmark oracles format clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

env: $(STAMP) ## create .venv and install the pinned packages

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "advlab needs Python 3.11 or later; \"$(PYTHON)\" is $$($(PYTHON) --version 2>&1 | head -n 1)."; \
	  echo "Name another one: make $(firstword $(MAKECMDGOALS)) PYTHON=python3.12"; exit 1; } >&2
	@test -x $(PY) || $(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "$(PYTHON) could not make an environment (on Debian and Ubuntu: apt install python3-venv)."; exit 1; } >&2
	@# The build backend first: with --no-build-isolation it is the pinned one, and nothing else is fetched for the build.
	$(PY) -m pip install $(if $(CI),--quiet) -c constraints.txt hatchling editables
	$(PY) -m pip install $(if $(CI),--quiet) -c constraints.txt --no-build-isolation -e ".[docs,test,dev]"
	@touch $@

site: $(STAMP) ## train, measure and draw what the store lacks, then build the site into site/
	$(PY) -m mkdocs build --strict --site-dir $(SITE)

serve: $(STAMP) ## serve the site, rebuilt as you edit
	$(PY) -m mkdocs serve

draft: ## the whole site on few images, in a third of the time, into site-draft/, every page marked a draft
	@$(MAKE) site ADVLAB_PROFILE=draft

full: ## the site with every measurement on all test images, into site-full/
	@$(MAKE) site ADVLAB_PROFILE=full

fresh: $(STAMP) ## forget everything stored, then measure all again and build the site
	.venv/bin/advlab clean --all
	@$(MAKE) site

test: check site ## check the code, build the site, run all tests (ARGS="-k fgsm" for pytest)
	ADVLAB_SITE=$(CURDIR)/$(SITE) $(PYTEST) -n logical --dist loadfile $(ARGS)

explore: site ## the tests of properties on new random examples: `make test` draws the same ones every time
	HYPOTHESIS_PROFILE=explore $(PYTEST) tests -n logical --dist loadfile -m hypothesis $(ARGS)

check-site: site ## only the tests of the built site, in a browser
	ADVLAB_SITE=$(CURDIR)/$(SITE) $(PYTEST) tests/site $(ARGS)

check: lint types imports ## lint, formatting, types and import direction, without running anything

lint: $(STAMP) ## ruff: rules and formatting
	$(PY) -m ruff check
	$(PY) -m ruff format --check

types: $(STAMP) ## mypy
	$(PY) -m mypy

imports: $(STAMP) ## import-linter: imports run one way
	.venv/bin/lint-imports --no-logo

# npm's own settings (registry, proxy, ...) are taken from its configuration; the lock files name no host.
PROSE := 'docs/**/*.md' README.md CHANGELOG.md
.ci/node_modules/.package-lock.json: .ci/package.json .ci/package-lock.json
	@command -v npm >/dev/null || { echo "spelling and Markdown are checked by programs for Node.js: install npm"; exit 1; } >&2
	npm ci --prefix .ci --ignore-scripts --no-fund --no-audit $(if $(CI),--silent)
	@touch $@

prose: .ci/node_modules/.package-lock.json ## spelling (.ci/words.txt holds our words) and Markdown of the pages
	.ci/node_modules/.bin/cspell --config .ci/cspell.json --no-progress --no-summary $(PROSE) \
	  advlab/chapters/glossary.yml advlab/chapters/paths.yml snippets/index.yml
	.ci/node_modules/.bin/markdownlint-cli2 --config .ci/markdown.markdownlint-cli2.jsonc $(PROSE)

.ci/lighthouse/node_modules/.package-lock.json: .ci/lighthouse/package.json .ci/lighthouse/package-lock.json
	npm ci --prefix .ci/lighthouse --ignore-scripts --no-fund --no-audit
	@touch $@

lighthouse: site .ci/lighthouse/node_modules/.package-lock.json ## Lighthouse on three pages, median of three: leave the machine alone meanwhile
	$(PY) .ci/lighthouse/measure.py $(SITE)

format: $(STAMP) ## let ruff format the code and mend what it can
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

benchmark: $(STAMP) ## the speed tests, one after the other: leave the machine alone meanwhile
	$(PYTEST) -m benchmark $(ARGS)

# The other libraries need versions of their own: they never meet the book's environment.
ORACLE := tests/oracles/.venv/bin/python
# Some of the peers are built from source with the setuptools of their time.
oracles: ## an environment with the other libraries; REFERENCE=clone of fra31/auto-attack, RECORD=1 records anew (an hour)
	test -x $(ORACLE) || $(PYTHON) -m venv tests/oracles/.venv
	PIP_CONSTRAINT=$(CURDIR)/tests/oracles/build.txt $(ORACLE) -m pip install -r tests/oracles/requirements.txt
	$(ORACLE) -m pip install --no-deps --no-build-isolation -e .
	$(if $(REFERENCE),$(ORACLE) -m pip install --no-deps --no-build-isolation $(REFERENCE))
	$(if $(RECORD),set -e; for script in tests/oracles/record*.py; do $(ORACLE) $$script; done)

clean: ## remove built sites and the caches of the tools (the store: advlab clean --all)
	rm -rf site site-* dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	rm -rf .ci/node_modules .ci/lighthouse/node_modules
	find $(wildcard advlab docs snippets tests) -name __pycache__ -type d -prune -exec rm -rf {} +
