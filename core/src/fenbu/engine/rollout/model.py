"""What a rollout file says, as pydantic models; the JSON Schema for editors is made from them.

The descriptions are what an editor shows, and docs/rollout.md has every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from packaging.specifiers import SpecifierSet
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)

from fenbu.engine.rollout.exact import Comparison, Range, Window
from fenbu.i18n import N_, _

GATE = " gate"
"""How the tags of the kinds of gates end, so that they can be told from keys in pydantic's places."""
KINDS = ("metric", "check", "approval", "date")


class Layer(StrEnum):
    """Who approves: the three layers of a rollout, roles of operators."""

    DECISION = N_("decision")
    CORE = N_("core")
    FUNCTIONAL = N_("functional")


Leaving = Literal["drain", "park", "waive"]
"""What becomes of work in flight when a module goes off: finished first, kept for later, given up."""


def _some(value: str) -> str:
    if not value.strip():
        raise ValueError(_("must not be empty"))
    return value


def _plain_day(value: object) -> object:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError(
            _("must be a day without quotes and time, as {example}").format(example="2027-01-31")
        )
    return value


Text = Annotated[str, Field(max_length=2000), AfterValidator(_some)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=63)]
ModuleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
Dotted = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_.-]*$", max_length=127)]
Count = Annotated[int, Field(ge=1, le=99)]
Day = Annotated[date, BeforeValidator(_plain_day)]


class Part(BaseModel):
    """Base of the parts of a file: unknown keys refused, types exact, never changed in place."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


class Gate(Part):
    """A condition for entering or leaving a stage; it passes, fails or is inconclusive."""

    why: Annotated[Text | None, Field(description=N_("In words, why this is asked."))] = None
    dry_run: Annotated[bool, Field(description=N_("Measure and show it, and let it decide nothing."))] = False


class MetricGate(Gate):
    """A number must be so, in every reading of a window."""

    metric: Annotated[Dotted, Field(description=N_("Name of the metric, as fenbu metrics lists them."))]
    must_be: Annotated[Comparison, Field(description=N_('What the number must be: "<= 1.5".'))]
    window: Annotated[
        Window | None,
        Field(description=N_('Readings of this time back count, as "7 days"; only the latest unless given.')),
    ] = None
    samples: Annotated[
        int, Field(ge=1, le=100_000, description=N_("Least number of readings; fewer are inconclusive."))
    ] = 1


class CheckGate(Gate):
    """A question about health must be answered with yes."""

    check: Annotated[Dotted, Field(description=N_("Name of the check, as fenbu doctor runs them."))]


class ApprovalGate(Gate):
    """So many operators of a layer must say yes; who applies is not one of them."""

    approval: Annotated[Layer, Field(strict=False, description=N_("The layer whose yes is needed."))]
    count: Annotated[Count, Field(description=N_("How many different operators of it."))] = 1


class DateGate(Gate):
    """A day must have come, in the enterprise's time zone."""

    date: Annotated[
        Day, Field(description=N_("The first day on which it passes, as 2027-01-31 without quotes."))
    ]


def gate_kind(value: Any) -> str | None:
    """Return the tag of a gate by the one key that makes it; None when there is none, or several."""
    if isinstance(value, Gate):
        return type(value).__name__.removesuffix("Gate").lower() + GATE
    found = [kind for kind in KINDS if isinstance(value, dict) and kind in value]
    return f"{found[0]}{GATE}" if len(found) == 1 else None


AnyGate = Annotated[
    Annotated[MetricGate, Tag(f"metric{GATE}")]
    | Annotated[CheckGate, Tag(f"check{GATE}")]
    | Annotated[ApprovalGate, Tag(f"approval{GATE}")]
    | Annotated[DateGate, Tag(f"date{GATE}")],
    Discriminator(gate_kind),
]


class Approvals(Part):
    """How many operators of each layer must say yes before a stage is applied."""

    decision: Annotated[Count | None, Field(description=N_("Of those who decide and pay."))] = None
    core: Annotated[Count | None, Field(description=N_("Of those who build and run it."))] = None
    functional: Annotated[Count | None, Field(description=N_("Of those who work with it."))] = None


class Rollback(Part):
    """What taking a stage back does; rows are kept in any case."""

    in_flight: Annotated[
        Literal["refuse", "drain", "park", "waive"],
        Field(
            description=N_(
                "Work in flight: refuse to roll back while there is any, drain (finish it first), "
                "park (keep it for later) or waive (give it up)."
            )
        ),
    ] = "refuse"


class PlannedModule(Part):
    """A module of the plan."""

    version: Annotated[
        Range,
        Field(
            default_factory=SpecifierSet,
            description=N_('Range of versions (PEP 440), as ">=0.1,<1"; any unless given.'),
        ),
    ]
    on_disable: Annotated[
        Leaving | None,
        Field(
            description=N_(
                "What becomes of its work in flight when it is switched off: drain, park or waive; "
                "unless given, switching it off is refused while there is any."
            )
        ),
    ] = None
    settings: Annotated[
        Mapping[str, Any],
        Field(description=N_("Its settings from the start; secrets by reference: env:, file:, keyring:.")),
    ] = {}


class Stage(Part):
    """A step of the plan."""

    name: Annotated[Name, Field(description=N_("Short, for commands: letters, digits, - and _."))]
    title: Annotated[Text, Field(description=N_("For people."))]
    goal: Annotated[Text, Field(description=N_("In words, what is true when it is reached."))]
    modules: Annotated[
        tuple[str, ...],
        Field(strict=False, min_length=1, description=N_("Modules that it switches on.")),
    ]
    settings: Annotated[
        Mapping[ModuleName, Mapping[str, Any]],
        Field(
            description=N_(
                "Settings that change with this stage, by module; they stay until another changes them."
            )
        ),
    ] = {}
    history: Annotated[
        Mapping[Dotted, Literal["catch_up", "from_now"]],
        Field(description=N_("Subscriptions that begin otherwise than they declare: catch_up or from_now.")),
    ] = {}
    before: Annotated[
        tuple[AnyGate, ...], Field(strict=False, description=N_("Gates that must pass before it is applied."))
    ] = ()
    after: Annotated[
        tuple[AnyGate, ...],
        Field(strict=False, description=N_("Gates that must pass before the next stage is.")),
    ] = ()
    approvals: Annotated[Approvals, Field(description=N_("Who must say yes before it is applied."))] = (
        Approvals()
    )
    rollback: Annotated[Rollback, Field(description=N_("What taking it back does."))] = Rollback()


class Rollout(Part):
    """The overall plan of an enterprise, in stages."""

    name: Annotated[Name, Field(description=N_("Of the plan: letters, digits, - and _."))]
    version: Annotated[
        int, Field(ge=1, description=N_("Of the plan: a whole number, raised with each change."))
    ]
    title: Annotated[Text | None, Field(description=N_("For people."))] = None
    sponsor: Annotated[Text, Field(description=N_("Who wants it and pays for it."))]
    owner: Annotated[Text, Field(description=N_("Who answers for its being carried out."))]
    kernel: Annotated[Range, Field(description=N_('Range of API versions of fenbu, as ">=1,<2".'))]
    modules: Annotated[
        Mapping[ModuleName, PlannedModule],
        Field(min_length=1, description=N_("Every module of the plan, by name.")),
    ]
    stages: Annotated[
        tuple[Stage, ...], Field(strict=False, min_length=1, description=N_("The stages, in order."))
    ]

    def stage(self, name: str) -> Stage:
        """Return a stage by its name; KeyError when there is none."""
        return {one.name: one for one in self.stages}[name]

    def settings_through(self, number: int) -> dict[str, dict[str, Any]]:
        """Return the settings in force when a stage, by its index, is applied: module to name to value."""
        found = {name: dict(module.settings) for name, module in self.modules.items()}
        for stage in self.stages[: number + 1]:
            for module, values in stage.settings.items():
                found.setdefault(module, {}).update(values)
        return found
