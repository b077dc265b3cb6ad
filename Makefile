# The verbs of this project; `make` alone lists them. Needs GNU make >= 3.81 and Python >= 3.11.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
READY := $(VENV)/ready.stamp
READY_DEV := $(VENV)/ready-dev.stamp
READY_BENCH := $(VENV)/ready-bench.stamp
ROLES := api worker images graph keeper client local bench docs
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-header -q
up_options = $(if $(PORT),--port $(PORT)) $(if $(WORKERS),--workers $(WORKERS)) \
	$(if $(DATA),--data "$(DATA)") $(if $(STORE),--store $(STORE))

.DEFAULT_GOAL := help
.PHONY: help demo up setup setup-dev test test-unit test-integration test-e2e test-browser test-chaos \
	chaos chromium check format docs lock \
	bench train clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  PYTHON=python3.12    the Python that the environment is made with (>= 3.11)"
	@echo "  TORCH_INDEX=URL      package index for torch alone, such as one with CPU builds"

demo: setup ## one photo's whole way through the real service (STORE=local|s3)
	@$(BIN)/python -m deploy.local demo $(if $(STORE),--store $(STORE))

up: setup ## run the service until Ctrl-C (PORT=8000 WORKERS=1 DATA=data STORE=local|s3)
	@exec $(BIN)/python -m deploy.local up $(up_options)

setup: $(READY) ## make the environment in .venv and install what the service needs

setup-dev: $(READY_DEV) ## the same, and what the checks and tests need

# Threads of torch that wait for each other by spinning would take the cores from the other tests.
test test-unit test-integration test-e2e test-browser: export OMP_WAIT_POLICY := PASSIVE

# Most tests wait for processes to start and to end. Servers that were given have room for one.
AT_A_TIME := $(if $(CELSHADE_TEST_REDIS_URL)$(CELSHADE_TEST_S3_ENDPOINT_URL),0,4)

test: setup-dev chromium ## all tests: unit, integration on real servers, end to end, in a browser
	$(BIN)/python -m pytest -m "not campaign" -n $(AT_A_TIME) --dist loadfile $(ARGS)

test-chaos: setup-dev ## faults under load, rolling restarts: what `make test` has of it, and more
	$(BIN)/python -m pytest tests/chaos $(ARGS)

test-unit: setup-dev ## tests without sockets, in seconds
	$(BIN)/python -m pytest tests/unit $(ARGS)

test-integration: setup-dev ## tests of one part on real servers
	$(BIN)/python -m pytest tests/integration $(ARGS)

test-e2e: setup-dev ## tests of the whole on the real processes
	$(BIN)/python -m pytest tests/e2e $(ARGS)

test-browser: setup-dev chromium ## tests of the page in a real browser
	$(BIN)/python -m pytest tests/browser $(ARGS)

chaos: setup-dev ## kill, freeze and starve a real service, then check every job (SEED= JOBS= MINUTES=)
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(JOBS),--jobs $(JOBS)) \
		$(if $(MINUTES),--minutes $(MINUTES))

check: setup-dev ## format, lint, types, and the doors between the packages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup-dev ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup-dev ## build the documentation as a site into build/docs; a warning is a fault
	$(BIN)/zensical build --strict --clean
	@echo "open build/docs/index.html, or: python3 -m http.server -d build/docs"

train: setup ## train a built-in look on this machine (STYLE=ink STEPS= SEED=); again: it goes on
	$(BIN)/python -m training photos
	THP_MEM_ALLOC_ENABLE=1 $(BIN)/python -m training train $(if $(STYLE),--style $(STYLE)) \
		$(if $(STEPS),--steps $(STEPS)) $(if $(SEED),--seed $(SEED))

lock: setup-dev ## compile requirements/*.in to locked files with hashes
	cd requirements && ../$(BIN)/$(LOCK) dev.in -o dev.txt
	cd requirements && for role in $(ROLES); do \
		echo "  $$role.txt"; ../$(BIN)/$(LOCK) -c dev.txt $$role.in -o $$role.txt || exit 1; \
	done

# The runtimes that the engine is compared with are installed for that comparison alone.
compared = $(if $(filter engine all,$(or $(ARGS),all)),$(READY_BENCH))
bench: setup $(compared) ## measure throughput and memory on this machine
	$(BIN)/python -m benchmarks $(ARGS)

clean: ## remove caches and what the demo wrote; .venv and data stay
	rm -rf out build .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis .import_linter_cache
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# --- The environment ------------------------------------------------------------------------------

$(READY): requirements/local.txt requirements/torch.txt client/pyproject.toml | $(BIN)/pip
	$(call install,requirements/local.txt)
	@touch $@

# What the checks need holds all that the service needs, in the same versions.
$(READY_DEV): requirements/dev.txt requirements/torch.txt client/pyproject.toml | $(BIN)/pip
	$(call install,requirements/dev.txt)
	@touch $(READY) $@

$(READY_BENCH): requirements/bench.txt | $(BIN)/pip
	$(PIP) install --require-hashes -r requirements/bench.txt
	@touch $@

# The browser of the page's tests: the system's own, brought where nobody need be asked for leave.
# Without one those tests are left out with a word, and fail in CI.
chromium:
	@for program in chromium chromium-browser google-chrome "$$CELSHADE_TEST_CHROMIUM"; do \
		command -v "$$program" >/dev/null && exit 0; \
	done; \
	[ "$$(id -u)" = 0 ] || as_root="sudo -n"; \
	echo "Installing chromium for the tests of the page"; \
	{ $$as_root apt-get update -qq && $$as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 \
		|| echo "It cannot be installed here; they are left out. By hand: apt-get install chromium"

$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || { echo "There is no '$(PYTHON)'. Install Python 3.11 \
	or newer, or name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$$($(PYTHON) --version) is too old: Celshade needs 3.11 or newer."; \
		echo "Name another one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make environments: its 'venv' or 'ensurepip' is missing."; \
		echo "On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Making the environment $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

# torch has a call of its own: its build depends on the machine, so it cannot be locked by hash.
define install
	@echo "Installing $(1)"
	$(PIP) install --require-hashes -r $(1)
	@echo "Installing torch. On Linux x86-64 the package index may give the CUDA build, over 2 GB;"
	@echo "for another one stop here and call make with TORCH_INDEX=URL of an index with CPU builds."
	$(PIP) install $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) -r requirements/torch.txt
	$(PIP) install --no-deps --no-build-isolation -e client
endef
