# pgcompanion: `make` lists the commands. Everything is built with the locked packages of
# requirements.txt, in an environment of its own (.venv).

PORT ?= 8000
PAGE ?= index
JOBS ?= 2
BENCH ?=
ORACLES ?=
MUTANTS ?=
RUNTIME ?= yes

PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
PAGES := _build/html
EXECUTED := _build/executed
WORKFLOWS := $(wildcard .github/workflows/*.yml)
FORMS := $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
STATEMENT_TESTS := $(shell grep -rl --include='*.py' 'mark\.statement' tests)

# One thread each: the numbers of a page do not depend on how many cores built it.
export OMP_NUM_THREADS := 1

# Cells that run in the page need Python beside it; `make book RUNTIME=` leaves both out.
export PGCOMPANION_RUNTIME := $(RUNTIME)

# A page shows the progress of a reader who has not begun, not that of whoever builds it.
export PGCOMPANION_PROGRESS := $(CURDIR)/_build/progress.json

.PHONY: help book page serve lite pdf handouts test check lint bench oracles mutants trace \
	notebooks vendor lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

# The environment: made once, and again whenever the lock or the package's metadata change.
.venv/ready: requirements.txt pyproject.toml
	@python="$$(sh tools/find_python)" && { test -x $(PY) || "$$python" -m venv .venv; }
	@echo "Installing the locked environment into .venv: about a minute the first time."
	@$(PIP) --requirement requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# Sphinx never deletes a page that has left the table of contents.
_build/toc: _toc.yml
	@rm -rf $(PAGES) _build/jupyter_execute _build/.doctrees
	@mkdir -p _build && touch $@

# What the tests of the numbered statements measure, for the lines under them and their index.
_build/statements.json: .venv/ready $(shell find pgcompanion -name '*.py') tests/conftest.py \
		$(STATEMENT_TESTS)
	@echo "Running the tests of the numbered statements: about half a minute."
	@$(PY) -m pytest -m statement -qq --numprocesses $(JOBS) --statements $@ $(STATEMENT_TESTS) \
		|| { rm -f $@; exit 1; }

book: .venv/ready _build/toc _build/statements.json ## build the book into _build/html
	@.venv/bin/jupyter-book build book --config "$(CURDIR)/_config.yml" \
		--toc "$(CURDIR)/_toc.yml" --path-output . -W --keep-going -n
	@rm -rf $(PAGES)/python
	@$(if $(RUNTIME),$(PY) tools/runtime.py)
	@echo "The book is built. Open file://$(CURDIR)/$(PAGES)/index.html"

page: .venv/ready ## build PAGE=name alone, in seconds, for a look while writing
	@mkdir -p _build/page && printf 'format: jb-book\nroot: %s\n' "$(PAGE)" > _build/page/_toc.yml
	@.venv/bin/jupyter-book build book --config "$(CURDIR)/_config.yml" \
		--toc "$(CURDIR)/_build/page/_toc.yml" --path-output _build/page > _build/page/log 2>&1 \
		|| { tail -n 40 _build/page/log; exit 1; }
	@grep -E '$(PAGE)\.(md|ipynb)' _build/page/log | grep -v -e 'Unknown source' -e 'bibtex' \
		-e 'undefined label' -e 'not found' || true
	@echo "Open file://$(CURDIR)/_build/page/_build/html/$(PAGE).html (links to other pages are dead)"

serve: book ## build the book and serve it on this machine
	@echo "The book is at http://127.0.0.1:$(PORT) until you press Ctrl-C."
	@$(PY) -m http.server $(PORT) --bind 127.0.0.1 --directory $(PAGES)

lite: book ## put JupyterLite into the built book, as /lite (needs npm)
	@$(PY) tools/lite.py
	@$(MAKE) --no-print-directory book

pdf: book ## print the whole book into one file, and link to it from the pages
	@$(PY) tools/pdf.py
	@$(MAKE) --no-print-directory book

handouts: book ## slides and a sheet of formulas from the built book
	@$(PY) tools/handouts.py

test: .venv/ready lint book ## lint, build the book and run every test
	@$(PY) tools/chromium.py
	@$(PY) tools/executed.py
	@PGCOMPANION_STATIC=1 $(PY) -m pytest --numprocesses $(JOBS) --dist loadfile \
		--durations 20 --nbval --nbval-sanitize-with tools/nbval.cfg $(EXECUTED) pgcompanion tests

check: .venv/ready lint ## lint, types and the tests without browser and notebooks: a minute or so
	@$(PY) -m pytest -q --numprocesses $(JOBS) --ignore=tests/book --ignore=tests/demos \
		--ignore=tests/environments --ignore=tests/exercises -m "not slow" pgcompanion tests

lint: .venv/ready ## check style, format, types and the workflows
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows $(WORKFLOWS)
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms $(FORMS)

bench: .venv/ready ## measure the package's speed side by side with others
	@$(PY) -m benchmarks $(BENCH)

oracles: .venv/ready ## compare with other libraries, in an environment of their own: some minutes
	@$(PY) -m oracles $(ORACLES)

mutants: .venv/ready ## change the mathematics in 600 places, and see that the tests notice: hours
	@$(PY) -m tools.mutants $(MUTANTS)

trace: .venv/ready ## the files and lines that one PPO update on CartPole executes
	@$(PY) tools/trace.py

notebooks: .venv/ready ## write the exercises' starters, and the notebook beside each page
	@$(PY) tools/exercise_notebooks.py
	@$(PY) tools/notebooks.py

vendor: .venv/ready ## fetch the site's third-party scripts again (needs npm)
	@$(PY) tools/vendor.py

lock: ## lock requirements.in into requirements.txt
	@python="$$(sh tools/find_python)" && "$$python" -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	@.venv-lock/bin/uv pip compile --universal --python-version 3.11 requirements.in \
		--output-file requirements.txt --no-emit-index-url --no-emit-find-links \
		--no-annotate --custom-compile-command "make lock"

clean: ## remove everything that was built (the environment .venv stays)
	@rm -rf _build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis .benchmarks
	@find . -name __pycache__ -not -path './.venv*' -type d -prune -exec rm -rf {} +
