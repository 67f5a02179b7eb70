"""The command line inside: the real ``fenbu``, as a process of its own, on the same enterprise."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence

from attrs import frozen

from fenbu.errors import FenbuError
from fenbu.i18n import _, language
from fenbu_tui.gateway.base import EnginePart
from fenbu_tui.world.commands import Proposal

NOT_HERE = frozenset({"tui", "completion", "init", "demo"})
"""Commands that belong into a shell."""
ALL: frozenset[str] = frozenset()
LOOKING = {
    **dict.fromkeys(("modules", "show", "explain", "metrics", "doctor", "whoami", "plan", "diff"), ALL),
    "flows": frozenset({"list", "waiting", "dead", "map", "unmatched", "trace"}),
    "settings": frozenset({"list", "get"}),
    "audit": frozenset({"list", "verify"}),
    "rollout": frozenset({"check", "schema", "status", "history", "readiness", "diff"}),
    "operator": frozenset({"list"}),
}
"""Commands that change nothing, with those of their verbs that do not; `ALL` is every verb."""
BUT = {"metrics": "record"}
"""Of those of which every verb looks, and names too stand in a verb's place: the one that does not."""
MOST = 50


@frozen
class CommandRefused(FenbuError):
    """A line cannot be run here."""

    line: str
    why: str

    def __str__(self) -> str:
        return f"{self.line}: {self.why}"


class Process:
    """Fulfils `fenbu_tui.world.commands.Running` with a process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def lines(self) -> Iterator[str]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield line.rstrip("\n")

    def code(self) -> int:
        return self._process.wait()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()


class CommandsPart(EnginePart):
    """Completes and starts commands."""

    def proposals(self, line: str) -> Sequence[Proposal]:
        from click.shell_completion import ShellComplete

        from fenbu.cli.app import root
        from fenbu.cli.session import Session

        words = _words(line)
        if line.strip() and not words:
            return []
        *before, last = words if words and not line[-1].isspace() else [*words, ""]
        session = Session(language())
        session.database = self._opening.url
        found = ShellComplete(root, {"obj": session}, "fenbu", "_FENBU").get_completions(before, last)
        return [Proposal(str(one.value), (one.help or "").partition("\n")[0]) for one in found[:MOST]]

    def looks_only(self, line: str) -> bool:
        words = _words(line)
        if {"--help", "-h", "--dry-run"} & set(words):
            return True
        verbs = LOOKING.get(words[0]) if words else None
        if words and BUT.get(words[0]) in words[1:]:
            return False
        return verbs is not None and (verbs is ALL or len(words) == 1 or words[1] in verbs)

    def start(self, line: str, width: int) -> Process:
        words = _words(line)
        if not words:
            raise CommandRefused(line, _("the quotes do not fit"))
        if words[0] in NOT_HERE:
            raise CommandRefused(line, _("this is a command for a shell"))
        told = ["--database", self._opening.url, "--lang", language(), "--no-input"]
        return Process(
            subprocess.Popen(
                [sys.executable, "-m", "fenbu", *told, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "NO_COLOR": "1", "COLUMNS": str(width), "PYTHONIOENCODING": "utf-8"},
            )
        )


def _words(line: str) -> list[str]:
    """Return the words of a line, as a shell splits them; none when its quotes do not fit."""
    try:
        return shlex.split(line)
    except ValueError:
        return []
