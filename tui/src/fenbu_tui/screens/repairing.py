"""What can be done about a delivery or a call, from the list and from its own page alike."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from fenbu.i18n import _
from fenbu_tui.keys import REPAIR, REPLAY, bindings
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.world.deliveries import Deliveries, DeliveryLine


class RepairingScreen(LiveScreen):
    """Tries again, and gives up with a reason; a subclass says which by `here`, and whom to ask by `_deliveries`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(REPAIR, REPLAY)

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

    def action_skip(self) -> None:
        """Ask for a reason, show what giving it up brings, and do it."""
        from fenbu_tui.screens.reason import ReasonScreen

        if here := self.here:
            title = _("Give up {name}").format(name=here.name)
            self.app.push_screen(ReasonScreen(title), partial(self._give_up, here))

    def _give_up(self, line: DeliveryLine, reason: str | None) -> None:
        if reason:
            self.ask(partial(self._deliveries.skip, line, reason))

    def action_replay(self) -> None:
        """Ask how far to deliver again."""
        if here := self.here:
            self.ask(partial(self._deliveries.replay, here))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what its state allows."""
        if action in ("retry", "retry_like", "skip", "replay") and self.is_mounted:
            here = self.here
            if here is None or action == "replay":
                return here is not None and here.replayable
            return here.retried and (action != "retry_like" or not here.outside)
        return super().check_action(action, parameters)
