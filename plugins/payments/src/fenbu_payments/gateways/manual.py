"""Money that people move: a transfer, cash. An operator waits for it, and says when it is there or sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from fenbu.calls import Outcome
from fenbu.errors import Permanent
from fenbu.i18n import _
from fenbu_payments.errors import NoticeRefused
from fenbu_payments.gateways import Asked, Told

if TYPE_CHECKING:
    from fenbu_payments.gateways import GatewaySettings


class Manual:
    """Nothing is sent and nothing is told by itself."""

    by_hand = True

    def __init__(self, settings: GatewaySettings, secret: str) -> None:  # noqa: ARG002
        self._name = settings.name

    def send(self, asked: Asked) -> Outcome:
        """Refuse: this gateway was not by hand when the operation began; a person decides."""
        raise Permanent(
            _(
                "{reference} waits for {gateway}, which is worked by hand now; skip it and do it by hand"
            ).format(reference=asked.reference, gateway=self._name)
        )

    def ask(self, asked: Asked) -> Outcome | None:
        """Refuse as `send` does."""
        return self.send(asked)

    def read(self, body: str, signature: str, *, now: datetime, minutes: int) -> Told:  # noqa: ARG002
        """Refuse: people confirm, they send no notices."""
        raise NoticeRefused(self._name, _("it is worked by hand and sends no notices"))
