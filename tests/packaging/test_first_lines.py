"""The two lines a reader tries first are the ones that CI runs."""

from __future__ import annotations

import re

from tools.constraints import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
BLOCKS = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)
SET_UP = "python3 -m venv .venv && . .venv/bin/activate && pip install -r requirements.txt"


def test_the_first_lines_of_the_readme_run_the_main_job_and_the_tests() -> None:
    assert BLOCKS[:2] == [f"{SET_UP} && fenbu demo", f"{SET_UP} && pytest"]


def test_both_lines_stand_on_the_first_screen() -> None:
    first_screen = README.splitlines()[:24]
    assert all(block in first_screen for block in BLOCKS[:2])


def test_ci_installs_and_tests_as_the_readme_says() -> None:
    install, test = BLOCKS[1].split(" && ")[2:]
    assert f"{install} >&2" in CI
    assert CI[-1] == test
