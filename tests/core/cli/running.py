"""Running the command line in tests: in this process for what is said, as a process for how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from attrs import frozen


@frozen
class Ran:
    """How one command line ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What stdout says as JSON."""
        return json.loads(self.out)

    @property
    def notes(self) -> list[dict[str, Any]]:
        """The lines of stderr, each a JSON document."""
        return [json.loads(line) for line in self.err.splitlines()]


class Fenbu(Protocol):
    """Runs ``fenbu`` on the kiosk's enterprise."""

    def __call__(self, *arguments: str, stdin: str | None = None) -> Ran: ...


def process(
    arguments: Sequence[str],
    *,
    folder: Path,
    site: Path | None = None,
    stdin: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Ran:
    """Run ``python -m fenbu`` as a process of its own, in a folder, with a quiet environment."""
    ended = subprocess.run(
        [sys.executable, "-m", "fenbu", *arguments],
        cwd=folder,
        env=quiet(folder, site) | dict(environment or {}),
        input="" if stdin is None else stdin,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return Ran(ended.returncode, ended.stdout, ended.stderr)


def quiet(folder: Path, site: Path | None = None) -> dict[str, str]:
    """Return an environment in which nothing of the developer's own speaks in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FENBU", "NO_COLOR"))}
    for name in ("FORCE_COLOR", "COLUMNS", "_FENBU_COMPLETE"):
        kept.pop(name, None)
    kept["XDG_CACHE_HOME"] = str(folder / "cache")
    kept["XDG_STATE_HOME"] = str(folder / "state")
    if site is not None:
        kept["PYTHONPATH"] = str(site)
    return kept
