"""The rollout: a file with the plan beside it, its stages with what guards them, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from attrs import frozen

from fenbu_tui.world.base import Act, Head, Line, Question, Standing

APPLIED = "applied"
"""The source that is the file as it was applied last, kept in the database; every other is a path."""


@frozen(kw_only=True)
class StageRow:
    """A stage of the plan."""

    name: str
    number: int
    """From one."""
    title: str
    standing: Standing
    next: bool
    """It is the one that comes next."""
    does: Standing | None
    """What applying would do about it; None when nothing is to be done."""
    since: str
    """Since when it stands, and by whom; empty while it waits."""
    modules: str
    guards: Standing | None
    """How many of its gates and yeses are met; None when nothing guards it, or it stands."""
    text: tuple[int, int]
    """Lines of the file in which it stands, from zero, the last one not included."""
    plan: tuple[int, int]
    """Lines of the plan about it, likewise."""
    verbs: frozenset[str] = frozenset()
    """What may be done about it now: ``apply``, ``approve``, ``rollback``."""


@frozen(kw_only=True)
class Rollout:
    """A rollout file and the plan that is made of it."""

    head: Head
    source: str
    """What is shown: a path, or `APPLIED`; empty when there is neither a file nor anything that was applied."""
    title: str
    text: tuple[Line, ...]
    """The file, line by line."""
    faulty: tuple[int, ...]
    """Lines of the file with faults, from zero."""
    changed: frozenset[int]
    """Lines of the file that are not as they were applied last."""
    plan: tuple[Line, ...]
    """What ``fenbu plan`` says, or what is wrong with the file."""
    by_hand: int
    """How much was changed by hand since it was applied; it stands at the top of the plan."""
    stages: tuple[StageRow, ...]
    lock: Standing | None
    """Who is applying or rolling back; None when nobody is."""
    next: str
    """The next step in a sentence."""
    verbs: frozenset[str]
    """What may be done now: ``apply``, ``rehearse``, ``adopt``, ``unlock``, ``begin``, ``other``."""


@frozen
class GatePoint:
    """What the metric of a gate came to at a moment."""

    at: datetime
    """With the enterprise's zone."""
    value: float
    """Near enough to be drawn."""
    text: str
    """Exact, with its unit."""
    met: bool
    """It is as the gate wants it."""


@frozen(kw_only=True)
class GateRow:
    """A gate of a stage, as it reads now."""

    key: str
    """``before.1``; with the stage in front where it belongs to another."""
    stage: str
    """In which it stands."""
    gate: str
    """Its key there; empty for what is no gate of the file."""
    title: str
    """What it asks and wants."""
    standing: Standing
    """``means`` says what was found, in a sentence."""
    todo: str
    why: str
    """In the words of the file."""
    override: str
    """Who lets it be passed, and why; empty when nobody does."""
    before: str
    """How it read when the stage was applied last; empty when it was not."""
    points: Sequence[GatePoint] = ()
    """In the order of time; the last is now."""
    limit: float | None = None
    """What its points are compared with."""
    wanted: str = ""
    """That comparison, as people read it."""
    verbs: frozenset[str] = frozenset()
    """What may be done about it: ``override``, ``approve``."""


@frozen(kw_only=True)
class StageDetail:
    """A stage at length."""

    name: str
    title: str
    goal: str
    standing: Standing
    facts: tuple[tuple[str, str], ...]
    """Label and value of what else is known."""
    approvals: tuple[Standing, ...]
    """Yeses that are wanted of each layer, with who has said them."""
    gates: tuple[GateRow, ...]
    verbs: frozenset[str]


@frozen(kw_only=True)
class RunRow:
    """A stage that was applied or rolled back."""

    id: str
    stage: str
    did: str
    standing: Standing
    steps: str
    """Done of how many."""
    by: str
    at: str
    version: str
    journal: tuple[Line, ...]
    """Gates as they were read when it began, and every step with who did it when."""


@frozen
class Beginning:
    """A way to begin a file."""

    name: str
    told: str


class Rollouts(Protocol):
    """What the screen of the rollout asks and does; a source is a path, `APPLIED`, or empty for the usual one."""

    def rollout(self, source: str) -> Rollout:
        """Return a file with its plan; what is wrong with the file stands in the plan's place.

        Raises:
            Unreachable: The database cannot be asked.
            FenbuError: The actor may not look.
        """
        ...

    def stamp(self, source: str) -> str:
        """Return what changes when a file does; asks no database."""
        ...

    def stage(self, source: str, name: str) -> StageDetail:
        """Return a stage at length, its gates measured now.

        Raises:
            Unreachable: The database cannot be asked.
            FenbuError: There is none of this name, or the file has faults.
        """
        ...

    def runs(self) -> Sequence[RunRow]:
        """Return what was applied and rolled back, the newest first."""
        ...

    def applying(self, source: str, stage: str = "") -> Question:
        """Return what applying would do, which is what ``fenbu plan`` says, and the ways to do it.

        Args:
            source: Of the file.
            stage: That is meant: up to it, where it is not the next one.
        """
        ...

    def approving(self, source: str, stage: str, gate: str = "") -> Question:
        """Return what a yes is said to, and the layers for which it can be said or taken back."""
        ...

    def overriding(self, source: str, stage: str, gate: str, reason: str) -> Act:
        """Return the act that lets a gate be passed the next time by another operator."""
        ...

    def rehearsing(self, source: str) -> Question:
        """Return what a rehearsal is, and how to do it."""
        ...

    def rolling_back(self, source: str, stage: str) -> Question:
        """Return what taking a stage back would do, and by whose policy it can be done."""
        ...

    def adopting(self, source: str) -> Question:
        """Return what would be written into the file, and how to do it."""
        ...

    def unlocking(self) -> Question:
        """Return who holds the lock, and how it is freed."""
        ...

    def beginnings(self) -> Sequence[Beginning]:
        """Return the ways to begin a file."""
        ...

    def begin(self, name: str) -> Act:
        """Return the act that writes a file in one of these ways, never over one that is there."""
        ...
