"""What is in the repository, and what is not: nothing that only one machine understands."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.constraints import ROOT

# The brackets keep this line from naming what it looks for.
HOSTS = re.compile(
    r"py[p]i\.org|python[h]osted\.org|npm[j]s\.(org|com)|--(extra-)?index[-]url|--find[-]links"
)
BLOCK = re.compile(
    r"(?P<mark><!-- not run: .+? -->\n+)?^```python\n(?P<code>.*?)^```", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Program:
    """The Python blocks of one document, in order: a reader types them into one session."""

    document: str
    code: str


def tracked() -> list[Path]:
    """List the files of the repository as git knows them."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def program(document: str, text: str) -> Program:
    """Put the Python blocks of a document together; each keeps its line numbers for the traceback."""
    code = ""
    for block in BLOCK.finditer(text):
        if block["mark"]:
            continue
        first_line = text.count("\n", 0, block.start("code"))
        code += "\n" * (first_line - code.count("\n")) + block["code"]
    return Program(document, code)


def run(program: Program, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program as a reader would, in an empty folder."""
    file = folder / (program.document.replace("/", "_") + ".py")
    file.write_text(program.code, encoding="utf-8")
    return subprocess.run([sys.executable, file], cwd=folder, capture_output=True, text=True, check=False)


def test_there_is_no_lock_file() -> None:
    """It names the package hosts of whoever ran uv last."""
    assert not [path for path in tracked() if path.name == "uv.lock"]


def test_no_file_names_a_package_host() -> None:
    named = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        named += [f"{path.relative_to(ROOT)}: {match[0]}" for match in HOSTS.finditer(text)]
    assert not named


def test_the_python_in_every_document_runs(tmp_path: Path) -> None:
    failed = []
    for path in tracked():
        if (
            path.suffix == ".md"
            and (found := program(str(path.relative_to(ROOT)), path.read_text("utf-8"))).code
        ):
            result = run(found, tmp_path)
            failed += [f"{found.document}:\n{result.stderr}"] if result.returncode else []
    assert not failed, "\n".join(failed)


def test_a_wrong_line_in_a_document_is_found_with_its_number(tmp_path: Path) -> None:
    text = "# Tea\n\n```python\nname = 'oolong'\n```\n\nthen\n\n```python\nprint(nmae)\n```\n"
    result = run(program("tea.md", text), tmp_path)
    assert result.returncode == 1
    assert 'tea.md.py", line 10' in result.stderr


@pytest.mark.parametrize("mark", ["<!-- not run: needs a warehouse -->\n", "<!-- not run: a sketch -->\n\n"])
def test_a_block_that_says_why_is_not_run(mark: str) -> None:
    assert program("tea.md", f"# Tea\n\n{mark}```python\nbrew()\n```\n").code == ""
