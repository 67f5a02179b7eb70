"""Write what the commands of `docs/tour.md` and `docs/staged.md` print into the pages: `python -m tools.tour`
(`make docs`).

The commands of a page run one after another in a new folder, in this process, on SQLite, under a clock that stands
still and goes on by a minute a command, as the user ``ada`` in a terminal as wide as `PAGES` says: so the page is the
same at every run.
An output of the page that still fits, with ``...`` for any number of lines, is left as it is. A test holds both
together.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from fenbu.cli.running import run
from fenbu.engine.guard import operators
from fenbu.engine.store.sqlite import Sqlite
from fenbu.testing.clock import Clock
from tools.constraints import ROOT

PAGES = {ROOT / "docs" / "tour.md": 100, ROOT / "docs" / "staged.md": 80}
"""Pages, with the columns of the terminal in which their commands print."""
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""The moment of the first command, a Monday morning."""
ANY_LINES = "..."
_TAKES = re.compile(r"\b\d+\.\d s\b")
"""How long something took is the one thing that is never the same; the page says a tenth of a second."""

_BLOCK = re.compile(
    r"^```(?:console\n(?P<console>.*?)|\w+ file=(?P<path>\S+)\n(?P<text>.*?))^```$", re.DOTALL | re.MULTILINE
)
_COMMAND = re.compile(
    r"^\$ (?P<setting>(?:[A-Z_]+=\S+ )*)(?P<command>(?:[^\n]*\\\n)*[^\n]*)\n(?P<printed>(?:(?!\$ )[^\n]*\n)*)",
    re.MULTILINE,
)
_ENVIRONMENT = {"NO_COLOR": "1"}


def rewritten(page: str, columns: int = 100) -> str:
    """Return the page with what its commands print now; its files are written where they stand."""
    with terminal(columns) as clock:
        shell = _Shell(clock)

        def block(found: re.Match[str]) -> str:
            if found["path"]:
                Path(found["path"]).write_text(found["text"], encoding="utf-8")
                return found[0]
            return f"```console\n{_COMMAND.sub(shell.told, found['console'])}```"

        return _BLOCK.sub(block, page)


def fits(page: Sequence[str], printed: Sequence[str]) -> bool:
    """Say whether lines of the page tell what was printed, `ANY_LINES` standing for any number of them."""
    parts: list[list[str]] = [[]]
    for line in page:
        if line.strip() == ANY_LINES:
            parts.append([])
        else:
            parts[-1].append(line)
    first, *rest = parts
    if not rest:
        return list(page) == list(printed)
    last, left = rest.pop(), list(printed)
    if len(left) < len(first) + len(last) or left[: len(first)] != first:
        return False
    if left[len(left) - len(last) :] != last:
        return False
    left = left[len(first) : len(left) - len(last)]
    for part in rest:
        at = next((at for at in range(len(left) + 1) if left[at : at + len(part)] == part), None)
        if at is None:
            return False
        left = left[at + len(part) :]
    return True


class _Shell:
    """Runs commands as a terminal would, and remembers how the last one ended."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._code = 0
        self._programs: dict[str, Callable[[list[str]], int]] = {
            "fenbu": run,
            "python": _python,
            "cat": _cat,
            "echo": self._echo,
            "sed": _sed,
        }

    def told(self, found: re.Match[str]) -> str:
        """Run a command of the page; return it with what it printed, as the page tells it where that still fits."""
        settings = dict(one.split("=", 1) for one in found["setting"].split())
        with patch.dict(os.environ, settings):
            printed = self._run(found["command"].replace("\\\n", " "))
        page = found["printed"].splitlines()
        lines = page if ANY_LINES in page and fits(page, printed) else printed
        return "".join(f"{line}\n" for line in (f"$ {found['setting']}{found['command']}", *lines))

    def _run(self, command: str) -> list[str]:
        program, *words = shlex.split(command)
        with io.StringIO() as screen:
            with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
                self._code = self._programs[program](words)
            self._clock.move(minutes=1)
            return [_TAKES.sub("0.1 s", line.rstrip()) for line in screen.getvalue().splitlines()]

    def _echo(self, words: list[str]) -> int:
        print(*(str(self._code) if word == "$?" else word for word in words))
        return 0


def _python(words: list[str]) -> int:
    """Run ``python -m …`` in this process."""
    assert words[0] == "-m", words
    with patch.object(sys, "argv", words[1:]):
        runpy.run_module(words[1], run_name="__main__")
    return 0


def _cat(words: list[str]) -> int:
    for word in words:
        sys.stdout.write(Path(word).read_text(encoding="utf-8"))
    return 0


def _sed(words: list[str]) -> int:
    """Edit a file as the page says; a reader uses whatever editor is at hand."""
    return subprocess.run(["sed", *words], check=False).returncode


@contextlib.contextmanager
def terminal(columns: int) -> Iterator[Clock]:
    """Stand in a new folder, as somebody known, at a moment known; give the clock."""
    clock = Clock(START)
    clock.stop()
    surroundings = {"COLUMNS": str(columns)}
    with (
        tempfile.TemporaryDirectory(prefix="fenbu-tour-") as folder,
        tempfile.TemporaryDirectory(prefix="fenbu-tour-home-") as home,
        contextlib.chdir(folder),
        patch.dict(
            os.environ, _ENVIRONMENT | surroundings | {"XDG_CACHE_HOME": home, "XDG_STATE_HOME": home}
        ),
        patch.object(Sqlite, "clock", lambda _database, _connection: clock()),
        patch.object(operators, "os_user", lambda: "ada"),
    ):
        for name in [name for name in os.environ if name.startswith("FENBU_")]:
            del os.environ[name]
        yield clock


def main() -> int:
    """Write the pages of which what they tell has changed; name them."""
    for file, columns in PAGES.items():
        page = file.read_text(encoding="utf-8")
        if (now := rewritten(page, columns)) != page:
            file.write_text(now, encoding="utf-8")
            print(file.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
