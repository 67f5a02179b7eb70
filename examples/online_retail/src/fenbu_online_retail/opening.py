"""From lines of a stock list to steps: what was there when the books were opened, and what it had cost."""

from __future__ import annotations

from decimal import Decimal

from fenbu.i18n import _
from fenbu.importing import Read, Rejected, SourceDocument, SourceRow, Step
from fenbu.values import line_amount
from fenbu_online_retail.codes import CURRENCY, is_service, item_known

ZERO = Decimal(0)


class Reader:
    """Makes steps of one article's line; remembers nothing from one to the next."""

    def __call__(self, document: SourceDocument) -> Read:
        """Return the receipt of an article's pieces; of one without pieces only what one costs is noted."""
        row = document.rows[0]
        if problem := _problem(document):
            return Read(kind="opening_stock", rejected=[Rejected(row.line, problem)])
        code = row.values["item"]
        steps = []
        if item_known(code) not in document.known:
            registered = {"items": [{"item": code, "kind": "goods"}]}
            steps.append(Step("erp.item.register", registered, makes_known=(item_known(code),)))
        if row.values["quantity"] == 0:
            return _without_pieces(row, steps)
        line = {"item": code, "quantity": row.values["quantity"], "unit_cost": row.values["cost"]}
        receipt = {"lines": [line], "source": "opening", "day": row.values["day"]}
        steps.append(Step("scm.receipt.post", receipt))
        worth = line_amount(row.values["quantity"], row.values["cost"], CURRENCY)
        return Read(kind="opening_stock", steps=steps, amount=worth)


def _problem(document: SourceDocument) -> str:
    row = document.rows[0]
    if len(document.rows) > 1:
        return _("the article stands on {count} lines").format(count=len(document.rows))
    if row.values["quantity"] < 0 or row.values["cost"] < 0:
        return _("zero pieces or more, at a cost of zero or more, are wanted")
    if is_service(row.values["item"]):
        return _("a service, which nobody stocks")
    return ""


def _without_pieces(row: SourceRow, steps: list[Step]) -> Read:
    """Nothing to receive; what is found or comes back of it later is worth what the list says."""
    if row.values["cost"] == 0:
        return Read(kind="without_pieces", left=_("no pieces and no cost"), amount=ZERO)
    value = {"item": row.values["item"], "unit_cost": row.values["cost"]}
    return Read(kind="without_pieces", steps=[*steps, Step("scm.item.value", value)], amount=ZERO)
