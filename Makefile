# pgcompanion: `make` lists the commands. Everything is built with the locked packages of
# requirements.txt, in an environment of its own (.venv).

PORT ?= 8000
PAGE ?= index
JOBS ?= 2
BENCH ?=
MEASURED ?=
DEMOS ?=
ORACLES ?=
MUTANTS ?=
RUNTIME ?= yes

PY := .venv/bin/python
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

.PHONY: help book page serve pdf epub measure latency handouts test check quick seeds weekly lint bench oracles mutants trace imports notebooks dist bom reproducible kernels plain vendor lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

# The environment: made once, and again whenever the lock or the package's metadata change.
.venv/ready: requirements.txt pyproject.toml
	@python="$$(sh tools/find_python)" && "$$python" tools/environment.py

# What the tests of the numbered statements measure, for the lines under them and their index.
_build/statements.json: .venv/ready $(shell find pgcompanion -name '*.py') \
		$(shell find tests -name conftest.py) $(STATEMENT_TESTS)
	@mkdir -p _build
	@echo "Running the tests of the numbered statements: about half a minute."
	@$(PY) -m pytest -m statement -qq --numprocesses $(JOBS) --statements $@ $(STATEMENT_TESTS) \
		|| { rm -f $@; exit 1; }

book: .venv/ready _build/statements.json ## build the book into _build/html
	@$(PY) tools/build.py

page: .venv/ready ## build PAGE=name alone, in seconds, for a look while writing
	@$(PY) tools/build.py $(PAGE)

serve: book ## build the book and serve it on this machine
	@echo "The book is at http://127.0.0.1:$(PORT) until you press Ctrl-C."
	@$(PY) -m http.server $(PORT) --bind 127.0.0.1 --directory $(PAGES)

pdf: book ## print the whole book into one file, and link to it from the pages
	@$(PY) tools/pdf.py
	@$(MAKE) --no-print-directory book

epub: book ## make the book for e-readers, and link to it from the pages
	@$(PY) tools/epub.py
	@$(MAKE) --no-print-directory book

measure: .venv/ready ## weigh and time the pages of the built book, or MEASURED="ppo errata"
	@$(PY) tools/measure.py $(MEASURED)

latency: .venv/ready ## time the moves of the built book's demos, or DEMOS="lqr sgd"
	@$(PY) tools/latency.py $(DEMOS)

handouts: book ## slides and a sheet of formulas from the built book
	@$(PY) tools/handouts.py

# In the order of their names, not of their sizes: files of few long tests would come last, alone. The
# notebooks and the doctests come last, since each is short; the long notebooks are run again once a week, by
# make kernels and make reproducible. The book has run the tests of the statements.
test: .venv/ready ## lint, build the book and run every test
	@$(MAKE) --no-print-directory --jobs 2 lint book
	@$(PY) tools/chromium.py
	@$(PY) tools/executed.py
	@PGCOMPANION_STATIC=1 $(PY) -m pytest --numprocesses $(JOBS) --dist loadfile \
		-m "not statement and not weekly" --no-loadscope-reorder --durations 20 \
		--nbval --nbval-sanitize-with tools/nbval.cfg --ignore $(EXECUTED)/long \
		tests $(EXECUTED) pgcompanion

check: .venv/ready ## lint, types and the tests without browser, sandbox and notebooks: a minute or so
	@$(MAKE) --no-print-directory --jobs 2 lint quick

quick: .venv/ready ## the tests of check alone
	@$(PY) -m pytest -q -p no:nbval --numprocesses $(JOBS) --dist worksteal \
		--ignore=tests/book --ignore=tests/demos \
		--ignore=tests/environments --ignore=tests/exercises \
		-m "not slow and not weekly" pgcompanion tests

seeds: .venv/ready ## the book's solutions in the sandbox, and all known mistakes told apart, on 200 seeds
	@PGCOMPANION_SEEDS=200 $(PY) -m pytest -q --numprocesses $(JOBS) \
		tests/exercises/test_seeds.py tests/exercises/test_bank.py tests/grading/test_seeds.py

weekly: .venv/ready ## what is too long for make test: every page on Colab, other graders, every frame, many draws
	@$(PY) -m pytest -q --numprocesses $(JOBS) -m weekly tests/environments tests/grading
	@PGCOMPANION_FRAMES=10000 PGCOMPANION_DRAWS=1000 $(PY) -m pytest -q \
		tests/demos/test_every_demo.py tests/demos/test_scripts.py

lint: .venv/ready ## check style, format, types and the workflows
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows $(WORKFLOWS)
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms $(FORMS)
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	@.venv/bin/zizmor --quiet --offline --pedantic .github
	@$(PY) tools/vendor.py --check

bench: .venv/ready ## measure the package's speed side by side with others
	@$(PY) -m benchmarks $(BENCH)

oracles: .venv/ready ## compare with other libraries, in an environment of their own: some minutes
	@$(PY) -m oracles $(ORACLES)

mutants: .venv/ready ## change the mathematics in 600 places, and see that the tests notice: hours
	@$(PY) -m tools.mutants $(MUTANTS)

trace: .venv/ready ## the files and lines that one PPO update on CartPole executes
	@$(PY) tools/trace.py

imports: .venv/ready ## how long the import of the package takes over NumPy
	@$(PY) tools/import_time.py

notebooks: .venv/ready ## write the exercises' starters, and the notebook beside each page
	@$(PY) tools/exercise_notebooks.py
	@$(PY) tools/notebooks.py

dist: .venv/ready ## the wheel and the sdist of the package, in dist/
	@rm -f dist/pgcompanion-*
	@$(PY) -m build --no-isolation

bom: .venv/ready ## a bill of materials of the locked environment (CycloneDX), in dist/
	@mkdir -p dist
	@.venv/bin/uv tool run --quiet --python $(PY) --from cyclonedx-bom==7.5.0 cyclonedx-py requirements \
		requirements.txt --pyproject pyproject.toml --output-reproducible --of JSON -o dist/bom.cdx.json

reproducible: .venv/ready ## build the last commit twice, in two places, and compare byte for byte
	@$(PY) tools/reproducible.py

# Two threads, kernels without AVX-512 and NumPy's loops without it: a machine of ten years ago.
kernels: book ## run every notebook as another processor would, and compare what it prints
	@$(PY) tools/executed.py
	@OPENBLAS_CORETYPE=Haswell OPENBLAS_NUM_THREADS=2 NPY_DISABLE_CPU_FEATURES="X86_V4 AVX512_ICL" \
		PGCOMPANION_STATIC=1 $(PY) -m pytest -q --numprocesses $(JOBS) --dist loadfile \
		-W ignore::ImportWarning --nbval --nbval-sanitize-with tools/nbval_kernels.cfg $(EXECUTED)

plain: book ## build the last commit with plain Sphinx, and compare with the book
	@$(PY) tools/plain_sphinx.py

vendor: .venv/ready ## fetch the site's third-party scripts again (needs npm)
	@$(PY) tools/vendor.py

lock: ## lock requirements.in into requirements.txt
	@python="$$(sh tools/find_python)" && "$$python" -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	@.venv-lock/bin/uv pip compile --universal --python-version 3.11 requirements.in \
		--output-file requirements.txt --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-annotate --custom-compile-command "make lock"
	@.venv-lock/bin/python tools/binder_list.py

clean: ## remove everything that was built (the environment .venv stays)
	@rm -rf _build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis .benchmarks
	@find . -name __pycache__ -not -path './.venv*' -type d -prune -exec rm -rf {} +
