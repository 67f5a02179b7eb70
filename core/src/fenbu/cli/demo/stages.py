"""The stages in which the demo's shop grows, as data: which modules, set how, and what it means for the shop.

A stage more is an entry more; what a module's people do in the shop is a `Hand` (`hands`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from fenbu.i18n import N_

SANDBOX = "sandbox.db"
"""The gateway's own record, beside the enterprise's file."""


@frozen(kw_only=True)
class Stage:
    """One step in which the shop grows."""

    name: str
    """What flows better from now on."""
    modules: Sequence[str]
    says: str
    """What it means for orders from now on."""
    settings: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    """Module to setting to value; ``{folder}`` in a text is the enterprise's folder."""
    tells: Mapping[str, str] = field(factory=dict)
    """Topic to what is counted by it, where more than the usual happened."""

    def set_in(self, folder: Path) -> Mapping[str, Mapping[str, Any]]:
        """Return the settings of an enterprise that lies in this folder."""
        filled: Mapping[str, Mapping[str, Any]] = _filled(self.settings, folder)
        return filled


def _filled(value: Any, folder: Path) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(one, folder) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, folder) for one in value]
    return value.replace("{folder}", str(folder)) if isinstance(value, str) else value


STAGES = (
    Stage(
        name=N_("information flow"),
        modules=("erp",),
        says=N_(
            "Orders are placed, handed over by hand and invoiced. What is paid is typed in from the bank "
            "statement and the till."
        ),
        settings={"erp": {"services": "with_goods"}},
    ),
    Stage(
        name=N_("capital flow"),
        modules=("payments",),
        says=N_(
            "Orders from the web wait for their payment: the card is asked at once and charged when the goods "
            "are handed over. The counter and the trade pay as before; what was open finishes as it began."
        ),
        settings={
            "payments": {
                "gateways": [
                    {"name": "manual", "kind": "manual"},
                    {"name": "card", "kind": "sandbox", "file": f"{{folder}}/{SANDBOX}"},
                ],
                "gateway": "card",
                "on_account": ["counter", "phone"],
            }
        },
        tells={
            "payments.payment-failed": N_(
                "cards declined, then tried again by an operator or the order cancelled"
            ),
            "payments.payment-voided": N_("authorisations let go, because the order was cancelled"),
            "payments.payment-refunded": N_("refunds by the gateway, for what came back"),
        },
    ),
    Stage(
        name=N_("goods flow"),
        modules=("scm",),
        says=N_(
            "Pieces are reserved before money is held, and what is reserved and paid leaves by itself. What is "
            "short waits as backorder until a receipt fills it; money is taken for what has left."
        ),
        settings={"scm": {"dispatch": "auto"}},
        tells={
            "scm.backorder-raised": N_("orders short of stock; what was there left at once"),
            "scm.backorder-filled": N_("orders for which a receipt brought what they waited for"),
            "scm.goods-returned": N_("returns, put on the shelf again and credited"),
            "payments.payment-failed": N_(
                "cards declined, then tried again by an operator or the order cancelled"
            ),
        },
    ),
)


def runnable(stages: Sequence[Stage], installed: Collection[str]) -> tuple[list[Stage], list[Stage]]:
    """Divide stages into those whose modules are all installed, and the others."""
    here = [stage for stage in stages if set(stage.modules) <= set(installed)]
    return here, [stage for stage in stages if stage not in here]
