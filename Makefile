# The book in one command: `make book`. See `make help`.
.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BUILD := $(if $(DATASET),--dataset $(DATASET)) $(if $(filter-out 0,$(QUICK)),--quick)
OPTIONS := $(if $(filter-out 0,$(QUICK)),--quick) $(if $(DATASET),--dataset $(DATASET)) $(if $(ONLY),--only $(ONLY)) $(if $(JOBS),--jobs $(JOBS)) \
	$(if $(SEED),--seed $(SEED)) $(if $(PLAYLISTS),--playlists "$(PLAYLISTS)") $(if $(SAMPLE),--sample $(SAMPLE))

export TF_CPP_MIN_LOG_LEVEL ?= 3
export TF_ENABLE_ONEDNN_OPTS ?= 0
export OPENBLAS_NUM_THREADS ?= 1
export PYTHONHASHSEED ?= 0

.PHONY: help book test stress lint reproduce compare bench serve data spark lock clean distclean

help: ## show what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'
	@echo
	@echo "  make book QUICK=1              shortened training, for a first look (minutes)"
	@echo "  make book ONLY=02              execute one chapter, leave the others as they are"
	@echo "  make book JOBS=1               one chapter at a time, not as many as cores and memory allow"
	@echo "  make book DATASET=simulated    invented listeners, no download; simulated-small: a fifth of them"
	@echo "  make book DATASET=playlists PLAYLISTS=DIR"
	@echo "                                 the edition about playlists, from tables or slices of yours; SAMPLE=10000 and"
	@echo "                                 SEED=0 say how many it draws, and which"
	@echo "  make serve DATASET=simulated   the site of that build; every data set and mode has a folder of its own"
	@echo "  make test WORKERS=4            four processes at a time; two by default"
	@echo "  make test ARGS='-k metrics'    some tests; PYTHON=python3.12 chooses the interpreter"

book: $(READY) ## execute the notebooks, build the site; the last line says where it is
	@$(BIN)/musicrec book $(OPTIONS)

test: $(READY) ## run the tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

stress: $(READY) ## give every reader 10,000 damaged inputs (hours); the tests have a short form
	MUSICREC_STRESS=10000 $(BIN)/python -m pytest -n $(WORKERS) -q --timeout=0 $(ARGS) tests/stress

lint: $(READY) ## check style and types, of Python and of the scripts of the pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/oxlint --quiet --deny-warnings book/scripts

reproduce: $(READY) ## compare every figure the originals reported with what this machine measures
	@$(BIN)/musicrec reproduce $(OPTIONS)

compare: $(READY) ## name what a build measured otherwise than the release says
	@$(BIN)/musicrec scores --compare-release $(BUILD)

bench: $(READY) ## measure speed and memory against named peers on the same work
	$(BIN)/python -m benchmarks $(ARGS)

serve: $(READY) ## look at the site in a browser, on this machine only: the last on real data, or of DATASET
	@$(BIN)/musicrec serve $(BUILD)

data: $(READY) ## say which data are found, where, and under which licence
	@$(BIN)/musicrec data $(if $(DATASET),--dataset $(DATASET))

clean: ## delete everything generated (executed notebooks, scores, sites); with DATASET only that build
	rm -rf build$(if $(DATASET),/$(DATASET)$(if $(filter-out 0,$(QUICK)),-quick))

distclean: clean ## also delete the environments
	rm -rf $(VENV) .venv-peer

spark: $(READY) ## install Apache Spark beside the rest, for `--engine spark`; it needs Java 17 or later
	@$(BIN)/python -c 'import pyspark, pyarrow' 2>/dev/null || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock

# For those who change the dependencies; needs uv. Hashes and versions only: where packages come from is the
# business of whoever installs them.
lock: ## resolve the dependencies anew into requirements.lock
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate -o requirements.lock
	$(PYTHON) -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['spark'], sep='\n')" \
		| uv pip compile - --constraint requirements.lock --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate -o requirements-spark.lock

# Made once, and again when the locked versions change. A failed try leaves no stamp, so the next one goes on.
$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "$(PYTHON) was not found: install Python 3.11, 3.12 or 3.13 (Debian, Ubuntu: apt install python3 python3-venv)," \
			"or name it: make book PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
		echo "$(PYTHON) is $$($(PYTHON) -V 2>&1); the book needs Python 3.11, 3.12 or 3.13: make book PYTHON=python3.12" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot create environments: install the package" \
			"python$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv" \
			"(Debian, Ubuntu: apt install python3-venv), then try again" >&2; exit 1; }
	@echo "creating the environment in $(VENV) (a few minutes, once) …"
	@test -x $(BIN)/python && $(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
