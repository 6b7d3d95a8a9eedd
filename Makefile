# Everything a developer does. Each target sets up first what it needs; `make help` lists them.

PYTHON ?= python3
PY := .venv/bin/python
MIGRATIONS = $(wildcard servicekit/migrations/*.sql services/*/migrations/*.sql)
TESTS = $(wildcard tests/unit tests/architecture tests/contract tests/integration tests/e2e)
TYPED = contracts servicekit services deploy tests
README_LINES := 150
LOCK = --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --quiet \
	$(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help setup run test test-containers test-compose rehearsal check format clean lock

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | while IFS='|' read -r name text; \
		do printf '  make %-16s %s\n' "$$name" "$$text"; done

setup: ## the environment in .venv, from the hash-locked requirements
	@$(PYTHON) deploy/bootstrap.py

run: setup ## the whole stack, the 2024 season played once; stays up until Ctrl-C (FRESH=1: play it again)
	@exec $(PY) -m deploy.local run $(if $(FRESH),--fresh)

rehearsal: setup ## play the season on a stack of its own, compare, exit non-zero on a difference
	@exec $(PY) -m deploy.local rehearsal

test: setup ## every test that needs nothing but this machine (ARGS='-k name' for pytest)
	@exec $(PY) -m pytest $(TESTS) $(ARGS)

test-containers: setup ## the integration tests on containers instead of the embedded servers; needs Docker
	@TEST_BACKEND=containers exec $(PY) -m pytest tests/integration $(ARGS)

test-compose: setup ## docker compose up, the rehearsal played against it, down again; needs Docker
	@exec $(PY) -m deploy.compose rehearse --directory .data/compose-rehearsal

check: setup ## format, lint, types, import rules, migrations, published language, README
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy --strict $(TYPED)
	.venv/bin/lint-imports
	.venv/bin/squawk $(MIGRATIONS)
	$(PY) -m contracts.schemas --check
	@test $$(wc -l < README.md) -le $(README_LINES) || { echo "README.md is longer than $(README_LINES) lines"; exit 1; }

format: setup ## put the code into its format and mend what ruff can mend
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

clean: ## stop the stacks, then remove their data, the environment and every cache
	@if [ -x $(PY) ]; then for kind in run rehearsal; do $(PY) -m deploy.local wipe --data-dir .data/$$kind || exit 1; done; fi
	rm -rf .data .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: ## renew requirements/*.txt after a change of *.in (UPGRADE=1: newest versions)
	@directory=$$(mktemp -d) && trap 'rm -rf "$$directory"' EXIT && \
	$(PYTHON) -m venv "$$directory" && "$$directory/bin/pip" install --quiet --disable-pip-version-check uv && \
	uv="$$directory/bin/uv" && \
	"$$uv" pip compile $(LOCK) requirements/runtime.in -o requirements/runtime.txt && \
	"$$uv" pip compile $(LOCK) -c requirements/runtime.txt requirements/local.in -o requirements/local.txt && \
	"$$uv" pip compile $(LOCK) -c requirements/local.txt requirements/image.in -o requirements/image.txt && \
	"$$uv" pip compile $(LOCK) -c requirements/local.txt requirements/dev.in -o requirements/dev.txt
