# The same commands on a desk and in CI. `make test` is all a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed

.DEFAULT_GOAL := test
# Folders of the same names must not stand for finished work.
.PHONY: test check demo bench bench-notices bench-site eval clean crawlers datasette docs kb schemas tests

test: $(READY)
	$(BIN)/python -m pytest -q -n auto

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n auto

# The recorded web is crawled, built, published and reported; then the site is served (SERVE=0: not).
demo: $(READY)
	$(BIN)/kb demo
	@[ "$(SERVE)" = 0 ] || $(BIN)/kb serve

bench: $(READY)
	$(BIN)/python -m bench.core
	$(BIN)/python -m bench.crawl
	$(BIN)/python -m bench.crawl memory
	$(BIN)/python -m bench.answers

# Speed of the site on 1,000,000 provisions; the base is made once and kept in the temporary folder. SIZE: a smaller one.
SIZE ?= 1000000
bench-site: $(READY)
	$(BIN)/python -m bench.site --provisions $(SIZE)

# Notices: who is told what in which time, and what is lost or comes twice when everything fails.
bench-notices: $(READY)
	$(BIN)/python -m bench.notices
	$(BIN)/python -m bench.faults

# Writes docs/quality.md and the figures the site shows. WEB: the folder of a moving web, if there is one.
WEB ?= ../shared/bench
eval: $(READY)
	$(BIN)/python -m bench.quality --web $(WEB)

# Made again only when what it is made from changed, so that a second run starts at once. The build backend is installed
# first and used in place: an isolated build would fetch one of its own that constraints.txt does not pin.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name it: make test PYTHON=python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "Python cannot make environments here; on Debian: apt-get install python3-venv" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt hatchling
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
