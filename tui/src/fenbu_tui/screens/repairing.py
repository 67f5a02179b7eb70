"""What can be done about a delivery or a call, from the list and from its own page alike."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from fenbu_tui.keys import REPAIR, bindings
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.world.deliveries import Deliveries, DeliveryLine


class RepairingScreen(LiveScreen):
    """Tries again, and gives up with a reason; a subclass says which by `here`, and whom to ask by `_deliveries`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(REPAIR)

    _deliveries: Deliveries

    @property
    def here(self) -> DeliveryLine | None:
        """What the keys are about."""
        return None

    def action_retry(self) -> None:
        """Try it again."""
        if here := self.here:
            self.act(partial(self._deliveries.retry, here))

    def action_retry_like(self) -> None:
        """Try again all that failed as it did."""
        if here := self.here:
            self.act(partial(self._deliveries.retry, here, like=True))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what its state allows."""
        if action in ("retry", "retry_like", "skip"):
            here = self.here
            return here is not None and here.retried and (action != "retry_like" or not here.outside)
        return super().check_action(action, parameters)
