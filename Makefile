# Everything runs in .venv, with the versions of constraints.txt; set up when first needed, and again when the
# two files that decide it change. Windows has no make: README has the plain commands.

PYTHONS := $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python)
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
RUN := .venv/bin/python

# The lists of emotion_lib/splits/lists that are drawn; those of speakers and folds were dealt once.
LISTS := $(addprefix tess-,random by_word by_speaker by_speaker_and_word)

# Two kinds of tests at a time, each of which prints what it has to say when it is over (the make of macOS cannot keep
# them apart). Tests run make themselves, and must not take it for a part of this one.
TWO_AT_A_TIME := --jobs=2 --keep-going $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
TESTS := env -u MAKEFLAGS $(RUN)

.PHONY: help notebooks lab page test lint unit browser compare docs accuracy bench splits demo-corpus update-notebooks screenshots constraints clean

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-17s %s\n", $$1, $$2 }' Makefile

notebooks: .venv/.notebooks  ## run notebooks 01 to 06 (copies, in build/notebooks) and show the results
	@$(RUN) notebooks/run.py

lab: .venv/.notebooks  ## open copies of the notebooks (in lab/, for you to change) in JupyterLab
	@$(RUN) notebooks/lab.py $(if $(filter 0,$(shell id -u)),--allow-root)

page: .venv/.notebooks  ## make the page that recognises in the browser (build/page) and serve it on this machine (needs npm)
	$(RUN) docs/page/make.py

test: lint  ## run all checks: lint, documentation, unit and browser tests, and the notebooks against their outputs
	@echo "Tests: two kinds at a time, and each shows its output at its end."
	@$(MAKE) --no-print-directory $(TWO_AT_A_TIME) compare unit browser

lint: .venv/.test  ## check style and types (ruff, mypy)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

unit: docs  ## run the unit tests and the doctests; one of them reads the documentation
	$(TESTS) -m pytest --ignore tests/browser

browser: .venv/.test  ## run the tests in a browser
	$(TESTS) -m pytest tests/browser

compare: .venv/.test  ## compare the outputs kept in the notebooks with a new run
	$(TESTS) notebooks/run.py --check

docs: .venv/.test  ## make the documentation, in build/docs; a warning is an error
	rm -rf build/docs
	$(RUN) -m sphinx --quiet --fresh-env --fail-on-warning --keep-going --conf-dir docs . build/docs

accuracy: .venv/.notebooks  ## make the quick rows of the table of results again; ROW=name one, TABLE=enrolment or conditions, ALL=1 all (hours)
	@$(if $(TABLE),,$(RUN) -m benchmarks.accuracy $(if $(ALL),--all) $(if $(ROW),--row '$(ROW)'))
	@$(foreach table,$(if $(ALL),enrolment conditions,$(TABLE)),$(RUN) -m benchmarks.$(table) &&) true

bench: .venv/.test  ## measure how fast the library is, on TESS, beside other ways (20 minutes); TABLE=name one table
	@$(RUN) -m benchmarks.speed $(TABLE)

splits: .venv/.notebooks  ## write the lists of who is held out anew (needs no recordings)
	@for list in $(LISTS); do \
		.venv/bin/emotion-lib split $${list%%-*} --protocol $${list#*-} --output emotion_lib/splits/lists/$$list.csv || exit; \
	done

demo-corpus: .venv/.notebooks  ## make the synthetic demo corpus anew (needs espeak-ng)
	$(RUN) data/demo/make.py

update-notebooks: .venv/.notebooks  ## run the notebooks and keep their outputs in the repository
	@$(RUN) notebooks/run.py --update

screenshots: .venv/.test  ## take the pictures of README anew (needs Chromium)
	$(RUN) -m pytest tests/browser/test_screenshots.py -k worth_a_picture
	cp build/screenshots/*.png docs/

constraints: .venv/.test  ## write constraints.txt anew from pyproject.toml
	$(RUN) -m uv pip compile --universal --no-emit-index-url --python-version 3.11 --all-extras pyproject.toml -o constraints.txt

clean:  ## remove .venv and everything else that make made
	rm -rf .venv build .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -type d -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	@for python in $(PYTHONS); do \
		"$$python" -c '$(SUITABLE)' 2>/dev/null && break; \
		python=; \
	done; \
	if [ -z "$$python" ]; then \
		echo "emotion_lib needs Python 3.11, 3.12 or 3.13, and none of these is one: $(PYTHONS)." \
			"Install one and name it: make PYTHON=/path/to/python3.13 $(MAKECMDGOALS)" >&2; \
		exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python cannot make virtual environments; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2; \
		exit 1; \
	fi; \
	echo "Making .venv with $$("$$python" --version) ..."; \
	"$$python" -m venv --clear .venv

.venv/.notebooks: pyproject.toml constraints.txt | .venv/bin/python
	@$(call install,notebooks)
	@touch $@

# The test extra contains the notebooks extra.
.venv/.test: pyproject.toml constraints.txt | .venv/bin/python
	@$(call install,test)
	@touch .venv/.notebooks $@

# A download that breaks off is taken up again from pip's cache; pip itself only retries connections.
define install
	echo "Installing emotion_lib[$(1)] into .venv (about 1 GB to download the first time) ..."; \
	$(RUN) -m pip --version >/dev/null 2>&1 || $(RUN) -m ensurepip >/dev/null; \
	for attempt in 1 2 3; do \
		$(RUN) -m pip install --retries 10 -c constraints.txt -e '.[$(1)]' && exit; \
		echo "Set-up: attempt $$attempt of 3 failed." >&2; \
		sleep 5; \
	done; \
	exit 1
endef
