"""What can stop a rollout.

::

    FenbuError
    ├── StalePlan           something has changed since the plan was made (exit code 5)
    ├── GateNotMet          a gate, an approval or a module that still reads its history holds it up (3)
    ├── Unfinished          another stage is half-applied or half rolled back
    ├── BadFile
    │   └── StageGone       the file no longer has a stage that stands
    └── Refused
        ├── OutOfTurn       stages in front of it do not stand yet (64)
        └── WouldStrand     work in flight would be left behind (3)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from attrs import frozen

from fenbu.errors import BadFile, FenbuError, Refused
from fenbu.i18n import _


@frozen(eq=False)
class StalePlan(FenbuError):
    """Something has changed since the plan was made; nothing was done."""

    exit_code: ClassVar[int] = 5
    why: str

    def __str__(self) -> str:
        return _("the plan is stale: {why}").format(why=self.why)

    @property
    def hint(self) -> str:
        return _("make it anew and look at it: fenbu plan")


@frozen(eq=False)
class GateNotMet(FenbuError):
    """What guards a stage is not met; nothing of the stage was done."""

    exit_code: ClassVar[int] = 3
    stage: str
    reasons: tuple[str, ...]
    todo: str = ""

    def __str__(self) -> str:
        return _("the stage {stage} cannot begin: {reasons}").format(
            stage=self.stage, reasons="; ".join(self.reasons)
        )

    @property
    def hint(self) -> str:
        return self.todo


@frozen(eq=False)
class Unfinished(FenbuError):
    """A stage is half-applied or half rolled back, and something else was wanted."""

    stage: str
    verb: str

    def __str__(self) -> str:
        if self.verb == "rollback":
            return _("the stage {stage} is half rolled back").format(stage=self.stage)
        return _("the stage {stage} is half-applied").format(stage=self.stage)

    @property
    def hint(self) -> str:
        if self.verb == "rollback":
            return _("fenbu rollback {stage} goes on").format(stage=self.stage)
        return _("fenbu apply goes on with it, fenbu rollback {stage} takes it back").format(stage=self.stage)


class StageGone(BadFile):
    """The file no longer has a stage that stands."""


@frozen(eq=False)
class OutOfTurn(Refused):
    """A stage was asked for whose turn it is not."""

    exit_code: ClassVar[int] = 64
    stage: str
    problem: str
    way_out: str = ""

    def __str__(self) -> str:
        return _("not the turn of the stage {stage}: {problem}").format(
            stage=self.stage, problem=self.problem
        )

    @property
    def hint(self) -> str:
        return self.way_out


@frozen(eq=False)
class WouldStrand(Refused):
    """Work in flight would be left behind, and the plan does not say what becomes of it."""

    exit_code: ClassVar[int] = 3
    modules: Sequence[str]
    waiting: Sequence[str]

    def __str__(self) -> str:
        return _("switching {modules} off would strand {waiting}").format(
            modules=", ".join(self.modules), waiting=", ".join(self.waiting)
        )

    @property
    def hint(self) -> str:
        return _("let it be finished, or let the file say what becomes of it: rollback.in_flight, on_disable")
