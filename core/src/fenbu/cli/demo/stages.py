"""The stages in which the demo's shop grows, as data: which modules, set how, and what each means for the shop.

A stage more is an entry more; what a module's people do in the shop is a `Hand` (`growth.HANDS`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from fenbu.i18n import N_

SANDBOX = "sandbox.db"
"""The gateway's own record, beside the enterprise's file."""


@frozen(kw_only=True)
class Step:
    """A module that comes with a stage."""

    module: str
    says: str
    """What it means for the shop from now on."""
    settings: Mapping[str, Any] = field(factory=dict)
    """Setting to value; ``{folder}`` in a text is the enterprise's folder."""
    tells: Mapping[str, str] = field(factory=dict)
    """Topic to what is counted by it, where more than the usual happened."""

    def set_in(self, folder: Path) -> Mapping[str, Any]:
        """Return the settings of an enterprise that lies in this folder."""
        filled: Mapping[str, Any] = _filled(self.settings, folder)
        return filled


@frozen(kw_only=True)
class Stage:
    """One step in which the shop grows."""

    name: str
    """What flows better from now on."""
    steps: Sequence[Step]

    @property
    def modules(self) -> list[str]:
        """Modules that are enabled when it begins, in order."""
        return [step.module for step in self.steps]

    @property
    def tells(self) -> Mapping[str, str]:
        """Topics that are counted, to what they mean."""
        return {topic: text for step in self.steps for topic, text in step.tells.items()}


def _filled(value: Any, folder: Path) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(one, folder) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, folder) for one in value]
    return value.replace("{folder}", str(folder)) if isinstance(value, str) else value


_DECLINED = {
    "payments.payment-failed": N_("cards declined, then tried again by an operator or the order cancelled")
}

INFORMATION = Stage(
    name=N_("information flow"),
    steps=(
        Step(
            module="erp",
            says=N_(
                "Orders are placed, handed over by hand and invoiced. What is paid is typed in from the bank "
                "statement and the till."
            ),
            settings={"services": "with_goods"},
        ),
        Step(
            module="crm",
            says=N_(
                "Whoever has an account is a customer, with a story that every module adds to. Leads are won or "
                "lost; who asks something is to have an answer within a day, and a timer sees to it."
            ),
            tells={
                "crm.opportunity-won": N_("opportunities won, each with the order that came of it"),
                "crm.opportunity-lost": N_("opportunities lost, with the reason"),
                "crm.case-opened": N_("questions of customers, answered and resolved"),
                "crm.case-overdue": N_("of these, answered too late: the timer rang first"),
            },
        ),
    ),
)

CAPITAL = Stage(
    name=N_("capital flow"),
    steps=(
        Step(
            module="payments",
            says=N_(
                "Orders from the web wait for their payment: the card is asked at once and charged when the goods "
                "are handed over. The counter and the trade pay as before; what was open finishes as it began."
            ),
            settings={
                "gateways": [
                    {"name": "manual", "kind": "manual"},
                    {"name": "card", "kind": "sandbox", "file": f"{{folder}}/{SANDBOX}"},
                ],
                "gateway": "card",
                "on_account": ["counter", "phone"],
            },
            tells={
                **_DECLINED,
                "payments.payment-voided": N_("authorisations let go, because the order was cancelled"),
                "payments.payment-refunded": N_("refunds by the gateway, for what came back"),
            },
        ),
    ),
)

GOODS_AND_PEOPLE = Stage(
    name=N_("goods and people"),
    steps=(
        Step(
            module="scm",
            says=N_(
                "Pieces are reserved before money is held, and what is reserved and paid leaves by itself. What is "
                "short waits as backorder until a receipt fills it; money is taken for what has left."
            ),
            settings={"dispatch": "auto"},
            tells={
                "scm.backorder-raised": N_("orders short of stock; what was there left at once"),
                "scm.backorder-filled": N_("orders for which a receipt brought what they waited for"),
                "scm.goods-returned": N_("returns, put on the shelf again and credited"),
                **_DECLINED,
            },
        ),
        Step(
            module="hrm",
            says=N_(
                "The people of the shop are entered. On the pay day a timer makes the payroll; one looks through "
                "it, another approves it, the books take it up and the gateway pays it out."
            ),
            tells={
                "hrm.employee-hired": N_("people at work"),
                "hrm.leave-approved": N_("leave asked for by one and approved by another"),
                "hrm.payroll-paid": N_("payroll reviewed, approved by another, posted and paid out"),
            },
        ),
    ),
)

STAGES = (INFORMATION, CAPITAL, GOODS_AND_PEOPLE)


def runnable(stages: Sequence[Stage], installed: Collection[str]) -> tuple[list[Stage], list[str]]:
    """Return the stages with the modules of theirs that are installed, and the modules that are not."""
    found = []
    for stage in stages:
        if steps := [step for step in stage.steps if step.module in installed]:
            found.append(evolve(stage, steps=steps))
    missing = [name for stage in stages for name in stage.modules if name not in installed]
    return found, missing
