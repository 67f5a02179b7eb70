"""Settings of ERP; each has a default, so that the module works before anybody has set anything."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fenbu.settings import Settings
from fenbu.values import Rounding

Days = Annotated[int, Field(ge=0, le=3650)]


class ErpSettings(Settings):
    """How this enterprise sells and keeps its books."""

    payment_days: Days = Field(30, description="Days from an invoice to the day it is due")
    channel: str = Field("direct", min_length=1, description="Channel of orders that name none")
    ship: Literal["partial", "complete"] = Field(
        "partial", description="Whether orders leave in parts or wait until they are complete"
    )
    unit: str = Field("piece", min_length=1, description="Unit of items that name none")
    services: Literal["at_release", "with_goods"] = Field(
        "at_release",
        description="Whether services of an order with goods are fulfilled when it is released, "
        "or together with the first goods",
    )
    rounding: Rounding = Field(
        Rounding.HALF_UP, description="Rule by which amounts and taxes are rounded, line by line"
    )
