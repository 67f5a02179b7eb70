"""Settings of the supply chain; each has a default, so that the module works before anybody has set anything."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fenbu.settings import Settings

Days = Annotated[int, Field(ge=0, le=3650)]


class ScmSettings(Settings):
    """How this enterprise keeps stock and ships."""

    dispatch: Literal["auto", "manual"] = Field(
        "manual", description="Whether a shipment leaves as soon as it is opened, or when somebody says so"
    )
    location: str = Field(
        "MAIN",
        min_length=1,
        description="Where goods are received, counted and returned unless said otherwise",
    )
    reservation_days: Days = Field(
        14, description="Days after which what is reserved and not released is let go; 0 never"
    )
    lead_days: Days = Field(
        7, description="Days until more of an item can be here, where the item does not say; 0 is not known"
    )
