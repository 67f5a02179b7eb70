"""What the terminal UI remembers of an enterprise between two sessions: a small file that may be lost or broken."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from attrs import Factory, asdict, fields, mutable

HISTORY = 200
"""Commands that are kept."""


@mutable
class Memory:
    """Where one was, and how one likes it."""

    screen: str = ""
    subjects: dict[str, str] = Factory(dict)
    """What each screen showed."""
    screens: dict[str, dict[str, Any]] = Factory(dict)
    """What each screen has said of itself: filters, columns."""
    theme: str = ""
    language: str = ""
    instead_of: str = ""
    """The language in which fenbu was started when another was chosen: a wish for a third one is newer."""
    history: list[str] = Factory(list)
    """Commands that were typed, the latest last."""
    file: Path | None = None
    """Where it is kept; nowhere when None."""

    @classmethod
    def of(cls, address: str) -> Memory:
        """Return what is remembered of an enterprise by its database; nothing when the file is missing or broken."""
        from platformdirs import user_state_path

        digest = hashlib.sha256(address.encode()).hexdigest()[:16]
        return cls.read(user_state_path("fenbu") / f"tui-{digest}.json")

    @classmethod
    def read(cls, file: Path) -> Memory:
        """Return what a file says, as far as it is what was once written."""
        memory = cls(file=file)
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return memory
        for field in fields(cls):
            name, of = field.name, dict if field.name == "screens" else str
            if (
                isinstance(told, dict)
                and name != "file"
                and _alike(told.get(name), getattr(memory, name), of)
            ):
                setattr(memory, name, told[name])
        return memory

    def typed(self, line: str) -> None:
        """Keep a command that was typed, once."""
        self.history = [*(one for one in self.history if one != line), line][-HISTORY:]

    def write(self) -> None:
        """Keep it; a disk that is full or read-only is no reason to fail."""
        if self.file is None:
            return
        told = {name: value for name, value in asdict(self).items() if name != "file"}
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.file.with_suffix(".new")
            fresh.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
            fresh.replace(self.file)


def _alike(told: Any, empty: Any, of: type = str) -> bool:
    """Say whether a value has the shape of what it is to replace, and its members are of a type."""
    if not isinstance(told, type(empty)):
        return False
    members = told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()
    return all(isinstance(one, of) for one in members)
