"""The tour prints what its page says: each command of it is run, in its order, and each line compared."""

from __future__ import annotations

import re
from difflib import unified_diff
from pathlib import Path

import pytest

from tools.constraints import ROOT
from tools.tour import PAGES, fits, rewritten


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)
def test_every_command_of_the_tour_prints_what_the_page_says(file: Path) -> None:
    page = file.read_text(encoding="utf-8")
    told = unified_diff(
        page.splitlines(),
        rewritten(page, PAGES[file]).splitlines(),
        "the page",
        "what is printed",
        lineterm="",
    )
    difference = "\n".join(told)
    assert not difference, f"make docs writes what is printed now into {file.name}:\n{difference}"


def test_what_the_readme_tells_of_a_rollout_is_lived_on_its_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.partition("docs/staged.md):\n\n```sh\n")[2].partition("```")[0]
    told = [one.strip() for line in block.splitlines() for one in line.partition("#")[0].split("&&")]
    page = (ROOT / "docs" / "staged.md").read_text(encoding="utf-8")

    assert len(told) > 8
    for command in told:
        lived = rf"^\$ (?:FENBU_OPERATOR=\w+ )?{re.escape(command)}(?: -y)?$"
        assert re.search(lived, page, re.MULTILINE), command


def test_a_command_that_prints_something_else_is_found_and_the_rest_is_left_alone() -> None:
    page = "Read:\n\n```console\n$ fenbu --version\nfenbu 0.0\n$ echo $?\n0\n```\n\nand so on\n"
    assert rewritten(page) == page.replace("fenbu 0.0", "fenbu 0.1.0")


@pytest.mark.parametrize(
    ("page", "printed", "told"),
    [
        ("a b", "a b", True),
        ("a b", "a c", False),
        ("a b", "a b c", False),
        ("a ...", "a b c", True),
        ("a ...", "a", True),
        ("... c", "a b c", True),
        ("a ... c ... e", "a b c d e", True),
        ("a ... e ... e", "a e", False),
        ("a ... d ... c ... e", "a c d e", False),
        ("a ... a", "a", False),
        ("...", "", True),
    ],
)  # fmt: skip
def test_dots_stand_for_any_number_of_lines(page: str, printed: str, told: bool) -> None:
    assert fits(page.split(), printed.split()) is told
