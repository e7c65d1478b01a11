# Everything needs only Python 3.11 or newer; the environment comes from uv.lock into .venv.
PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.9
SHELL_SCRIPTS := $(shell find components lab operations -name '*.sh') .ci/run $(wildcard .github/scripts/*)

.DEFAULT_GOAL := help
.PHONY: help plan test check format bench lab aws clean

help: ## Show this help
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

plan: .venv/ready ## Show what pulumi up would make: no account, no network, no Pulumi CLI
	@$(BIN)/openova plan

test: .venv/ready ## Run the tests; those that need more than Python say what is missing
	@$(BIN)/pytest $(PYTEST_ARGUMENTS)

check: .venv/ready ## Format, lint, types, imports, shell
	@$(BIN)/ruff format --check --quiet . || { echo "make format mends this"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@PYTHONPATH=. $(BIN)/lint-imports --no-cache | tail -n 3
	@$(BIN)/shellcheck $(SHELL_SCRIPTS)

format: .venv/ready ## Format and mend what can be mended
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

bench: .venv/ready ## Print ratios: nothing passes or fails by time
	@$(BIN)/python -m bench

lab: .venv/ready ## Build what the lab and its tests run, into a cache outside the repository
	@$(BIN)/python -m lab build

aws: .venv/ready ## Install what edge.provider: route53 needs; with its tests: make aws WITH="--group aws"
	@PATH="$(CURDIR)/$(BIN):$$PATH" uv sync --locked --inexact --quiet $(or $(WITH),--extra aws)

clean: ## Remove the environment and what was built
	rm -rf .venv build

# uv installs from the lock file; where it is not on PATH it goes into .venv itself.
.venv/ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $(PYTHON) is older. Name another: make PYTHON=python3.12 ..."; exit 2; }
	@set -e; if command -v uv >/dev/null; then \
		uv sync --locked --inexact --quiet; \
	else \
		$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || \
			{ echo "$(PYTHON) -m venv failed; on Debian and Ubuntu: apt-get install python3-venv"; exit 2; }; \
		test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); \
		$(BIN)/uv sync --locked --inexact --quiet; \
	fi
	@touch $@
