# Each target sets up what it needs; nothing is taken from outside the folder but a Python from 3.11 to 3.13.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11 python; do \
	$$each -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$each && break; done)
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

# Snakemake does not quote the path of the Python that runs its jobs.
ifneq (,$(shell pwd -P | grep '[][[:space:]"$$&;<>|*?(){}:\`'"'"']'))
$(error earfield cannot run in "$(CURDIR)": the shell would split that path when Snakemake starts a job; move the folder \
to a path without spaces, colons, quotes, brackets and $$&;<>|*?\, such as ~/earfield, and run make again)
endif

.PHONY: setup demo test test-fast test-nightly check bench reproduce-check gpu lock clean

# The stamp is newer than the lock file when the environment holds what the lock file names. It says where the environment
# was made, since its commands hold that path: a moved or copied folder is set up again.
ifneq ($(shell cat $(VENV)/installed 2>&1),$(realpath $(VENV)))
.PHONY: $(VENV)/installed
clear := --clear
endif
setup: $(VENV)/installed
$(VENV)/installed: requirements.lock pyproject.toml
	$(if $(PYTHON),,$(error earfield needs Python 3.11, 3.12 or 3.13, and none is on the PATH; name one: make PYTHON=/path/to/python3.12))
	$(PYTHON) -m venv $(clear) $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@cd $(VENV) && pwd -P > installed

# The main job on music made by code; ends with the accuracy, its interval, and where the figures lie.
# Quiet hides Snakemake's own errors too, so a failed run is repeated with them.
demo: setup
	@snakemake --cores all --config dataset=demo --quiet all || \
	snakemake --cores all --config dataset=demo --quiet rules host reason

# The rooms whose tests need no TensorFlow and little time, for the loop of a contributor.
FAST := audio configuration files jobs mel splits statistics tracks
test-fast: setup
	pytest --numprocesses auto --dist loadfile -m "not nightly" $(addprefix tests/unit/,$(FAST))

# One process per core; what is long and rarely wrong is left to test-nightly.
test: setup
	pytest --numprocesses auto --dist loadfile -m "not nightly"

test-nightly: setup
	HYPOTHESIS_PROFILE=nightly pytest

check: setup
	ruff format --check .
	ruff check .
	snakefmt --check workflow Snakefile
	mypy
	lint-imports
	snakemake --lint

# Prints the table of measurements and writes it to benchmarks/measured/bench.csv; SONGS=folder takes real songs.
bench: setup
	python -m benchmarks $(if $(SONGS),--songs $(SONGS))

# Builds twice from nothing, with different numbers of cores, and names every file that differs.
reproduce-check: setup
	python -m benchmarks.reproduce $(DATASET) $(CONFIGFILES)

# CUDA for the TensorFlow of the lock file.
gpu: setup
	$(VENV)/bin/pip install --disable-pip-version-check \
	"tensorflow[and-cuda]==$$($(VENV)/bin/python -c 'from importlib.metadata import version; print(version("tensorflow"))')"

# After a change of the dependencies in pyproject.toml.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --quiet --upgrade --output-file requirements.lock

clean:
	rm -rf $(VENV)
