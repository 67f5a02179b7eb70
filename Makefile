# Short names for what README and .ci/run do. Every target expects the environment of requirements.txt.
.PHONY: test lint proof bench docs constraints

test:          ## the suite, on SQLite and PostgreSQL
	pytest

lint:          ## what CI checks before it tests
	ruff check
	ruff format --check
	mypy
	lint-imports

proof:         ## the long runs: faults, kills and stories
	pytest -m proof --timeout=3600

bench:         ## side-by-side measurements; times are reported, not asserted
	@set -e; for script in $(sort $(wildcard benchmarks/bench_*.py)); do python $$script; done

docs:          ## what docs/ says by the code: the reference pages, and what the commands of the tour print
	python -m tools.reference
	python -m tools.tour

constraints:   ## pin every dependency anew, for pip and uv; needs the network; `make constraints UPGRADE=1` takes the newest
	python tools/constraints.py $(if $(UPGRADE),--upgrade)
