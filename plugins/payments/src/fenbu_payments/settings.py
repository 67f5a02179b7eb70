"""Settings of payments; each has a default, so that the module works before anybody has set anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from fenbu.i18n import _
from fenbu.settings import Secret, Settings
from fenbu_payments.gateways.settings import GatewaySettings


class PaymentsSettings(Settings):
    """By whom and when this enterprise is paid."""

    gateways: tuple[GatewaySettings, ...] = Field(
        (GatewaySettings(name="manual", kind="manual"),),
        description="Gateways by name: [{name, kind, url, file, timeout}]",
    )
    secrets: Annotated[Mapping[str, Secret], "secret"] = Field(
        {}, description="Gateway to the reference of its secret: env:NAME, file:PATH or keyring:SERVICE/NAME"
    )
    gateway: str = Field("manual", description="Gateway of orders for which no module names another")
    payout_gateway: str = Field("", description="Gateway of payouts; that of orders unless given")
    orders: Literal["prepaid", "on_account"] = Field(
        "prepaid", description="Whether orders wait for their payment, or are paid by invoice"
    )
    on_account: tuple[str, ...] = Field((), description="Channels whose orders are paid by invoice anyway")
    notice_minutes: int = Field(
        5, ge=1, le=1440, description="Minutes after which a signed notice is too old to be believed"
    )

    poll_minutes: int = Field(
        15,
        ge=1,
        le=1440,
        description="Minutes after which a gateway is asked what became of an operation that it told nothing of; "
        "the pause doubles up to a day",
    )

    @model_validator(mode="after")
    def _names_fit(self) -> PaymentsSettings:
        names = [one.name for one in self.gateways]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                _("gateways have names of their own; twice: {names}").format(names=", ".join(twice))
            )
        for wanted in filter(None, (self.gateway, self.payout_gateway, *self.secrets)):
            if wanted not in names:
                raise ValueError(
                    _("there is no gateway {name} (there are: {names})").format(
                        name=wanted, names=", ".join(names)
                    )
                )
        return self
