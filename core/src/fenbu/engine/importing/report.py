"""What a run has done, by kind of document: counted, summed, with the reasons of what was left."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import define, field, frozen

from fenbu.engine.importing.documents import Gathered


@define
class Tally:
    """Documents of one kind."""

    documents: int = 0
    lines: int = 0
    amount: Decimal | None = None

    def add(self, document: Gathered, amount: Decimal | None = None) -> None:
        """Count a document."""
        self.documents += 1
        self.lines += len(document.rows)
        if amount is not None:
            self.amount = (self.amount or Decimal(0)) + amount

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts; amounts as text."""
        told: dict[str, Any] = {"documents": self.documents, "lines": self.lines}
        return told if self.amount is None else {**told, "amount": str(self.amount)}


@define
class Report:
    """What a run has done so far; complete when the run is over."""

    profile: str
    file: str
    dry_run: bool
    imported: dict[str, Tally] = field(factory=dict)
    """By kind."""
    already: dict[str, Tally] = field(factory=dict)
    """By kind: imported by an earlier run, left alone now."""
    left: dict[tuple[str, str], Tally] = field(factory=dict)
    """By kind and reason."""
    rejected: Tally = field(factory=Tally)
    reasons: dict[str, int] = field(factory=dict)
    """Why documents were rejected, the first few dozens, and how often."""
    rejects_file: str = ""
    seconds: float = 0.0
    waiting: int = 0
    """Deliveries that wait for a worker at the end."""
    dead: int = 0
    """Deliveries that have died meanwhile; ``fenbu flows dead`` shows them."""
    stopped: str = ""
    """Why the run ended before the end of the file; running it again continues."""

    @property
    def documents(self) -> int:
        """All documents seen."""
        return sum(tally.documents for tally in self._all()) + self.rejected.documents

    @property
    def lines(self) -> int:
        """All rows seen."""
        return sum(tally.lines for tally in self._all()) + self.rejected.lines

    def count(self, where: dict[Any, Tally], key: object, document: Gathered, amount: Decimal | None) -> None:
        """Count a document under a kind (or kind and reason)."""
        where.setdefault(key, Tally()).add(document, amount)

    def reject(self, document: Gathered, reason: str) -> None:
        """Count a document that was refused."""
        self.rejected.add(document)
        if reason in self.reasons or len(self.reasons) < 50:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def as_json(self) -> Mapping[str, Any]:
        """Return it for scripts."""
        return {
            "profile": self.profile,
            "file": self.file,
            "dry_run": self.dry_run,
            "documents": self.documents,
            "lines": self.lines,
            "imported": {kind: tally.as_json() for kind, tally in self.imported.items()},
            "already_imported": {kind: tally.as_json() for kind, tally in self.already.items()},
            "left": [
                {"kind": kind, "reason": reason, **tally.as_json()}
                for (kind, reason), tally in self.left.items()
            ],
            "rejected": {**self.rejected.as_json(), "reasons": self.reasons, "file": self.rejects_file},
            "seconds": round(self.seconds, 3),
            "waiting_deliveries": self.waiting,
            "dead_deliveries": self.dead,
            "stopped": self.stopped,
        }

    def _all(self) -> list[Tally]:
        return [*self.imported.values(), *self.already.values(), *self.left.values()]


@frozen
class Progress:
    """How far a run is."""

    documents: int
    lines: int
    position: int
    """Bytes of the file read."""
    size: int
    seconds: float
    waiting: int
    pausing: bool = False
    """It waits for a worker, because too many deliveries wait."""

    @property
    def rate(self) -> float:
        """Documents a second."""
        return self.documents / self.seconds if self.seconds else 0.0
