"""Settings of one gateway, and the kinds of gateway that are installed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from fenbu.i18n import _

ENTRY_POINTS = "fenbu.payments.gateways"


@cache
def kinds() -> Mapping[str, EntryPoint]:
    """Return the kinds of gateway that are installed, by name; nothing is imported."""
    return {found.name: found for found in entry_points(group=ENTRY_POINTS)}


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


def _known_kind(value: str) -> str:
    if value not in kinds():
        raise ValueError(
            _("no gateway of kind {kind} is installed (there are: {kinds})").format(
                kind=value, kinds=", ".join(sorted(kinds()))
            )
        )
    return value


class GatewaySettings(BaseModel):
    """One gateway, known by a name of its own; several may be of one kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[Name, Field(description="By which payments name it; letters, digits, - and _")]
    kind: Annotated[
        str, AfterValidator(_known_kind), Field(description="manual, sandbox or one that is installed")
    ]
    url: Annotated[str, Field(description="Where it is reached, for kinds that are elsewhere")] = ""
    file: Annotated[str, Field(description="Where a sandbox in this process keeps its own record")] = ""
    timeout: Annotated[
        float, Field(gt=0, le=30, description="Seconds after which an answer counts as unknown")
    ] = 10.0
