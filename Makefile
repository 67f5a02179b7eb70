# Short names for what README and .ci/run do. Every target expects the environment of requirements.txt.
.PHONY: test lint proof bench docs pictures messages constraints

test:          ## the suite, on SQLite and PostgreSQL
	pytest

lint:          ## what CI checks before it tests
	ruff check
	ruff format --check
	mypy
	lint-imports

proof:         ## the long runs: faults, kills and stories
	pytest -m proof --timeout=3600 -o faulthandler_timeout=4000

bench:         ## side-by-side measurements, into build/bench.json and build/bench.md; `make bench QUICK=1` takes minutes
	python -m benchmarks $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(BENCH)

docs:          ## what docs/ says by the code: the reference pages, and what the commands of the tour print
	python -m tools.reference
	python -m tools.tour

pictures:      ## pictures of the terminal UI, into docs/pictures, by the demo's shop on a known evening
	python -m tools.pictures

messages:      ## take the texts of the code into the catalogues, compile them, name what is not translated
	python -m tools.messages

constraints:   ## pin every dependency anew, for pip and uv; needs the network; `make constraints UPGRADE=1` takes the newest
	python tools/constraints.py $(if $(UPGRADE),--upgrade)
