"""What a demo has made, as its end shows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, frozen

if TYPE_CHECKING:
    from fenbu.cli.demo.growth import Lived
    from fenbu.cli.demo.shop import Shop
    from fenbu.cli.demo.trade import Trade


@define
class Done:
    """All of it."""

    folder: Path
    seed: int
    shop: Shop
    trade: Trade
    lived: list[Lived]
    skipped: list[str]
    """Modules that are not installed."""
    seconds: float


@frozen
class Told:
    """What is shown as an example."""

    order: str
    customer: str | None
    """None without CRM."""
    employee: str | None
    """None without HRM."""
