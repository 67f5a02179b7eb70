"""A kiosk: a small outsider's module with everything a face can show, and a database with some sales."""

from __future__ import annotations

from fenbu.testing.dummies import DummyModule, migration

_TABLES = """
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from fenbu import columns
from fenbu.tables import tables

BASE: Any = tables("kiosk")


class SaleRow(BASE, table=True):
    __tablename__: ClassVar[Any] = "kiosk_sale"

    number: str = columns.text(key=True)
    customer: str = columns.text(personal=True)
    state: str = columns.text()
    day: date = columns.day()
    total: Decimal = columns.money()
    currency: str = columns.text()
    note: str | None = columns.text(null=True)
    at: datetime = columns.moment()
    gift: bool = columns.flag()
"""
_MIGRATION = """
    op.create_table(
        "kiosk_sale",
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("total", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("gift", sa.SmallInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sqlite_strict=True,
    )
"""
_LIFECYCLES = """
from enum import StrEnum

from fenbu import Lifecycle, Transition


class SaleState(StrEnum):
    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"


SALE = Lifecycle(
    name="kiosk.sale",
    states=SaleState,
    initial=SaleState.OPEN,
    terminal=frozenset({SaleState.PAID, SaleState.CANCELLED}),
    table=(
        Transition("pay", SaleState.OPEN, SaleState.PAID),
        Transition("cancel", SaleState.OPEN, SaleState.CANCELLED),
    ),
)
LIFECYCLES = (SALE,)
"""
_CONTRACTS = """
from decimal import Decimal

from attrs import frozen

from fenbu import Lane, event


@event(
    "kiosk.sale-made/1",
    lane=Lane.CAPITAL,
    key="sale",
    about={"sale": "sale"},
    says="sold for {total} {currency}",
)
@frozen(kw_only=True)
class SaleMade:
    sale: str
    total: Decimal
    currency: str
    note: str = ""


@event("kiosk.whispered/1", lane=Lane.INFORMATION, key="sale", about={"sale": "sale"})
@frozen(kw_only=True)
class Whispered:
    sale: str
"""
_SALES = '''
from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from fenbu import Money, Personal, Settings
from fenbu.actions import Consequence

from .contracts import SaleMade, Whispered
from .lifecycles import SALE, SaleState
from .tables import SaleRow


class KioskSettings(Settings):
    greeting: str = Field("hello", description="What the kiosk says")
    cups: int = Field(6, ge=1, description="Cups on the shelf")
    till: str = "env:TILL"


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    item: str
    quantity: Decimal = Field(gt=0)
    price: Decimal = Field(Decimal(1), ge=0)
    remark: str = ""


class Sell(BaseModel):
    """What is sold to whom."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(min_length=1, max_length=20, description="Number of the sale")
    customer: Annotated[str, Personal()] = Field("", description="Name of the customer")
    lines: tuple[Line, ...] = Field(min_length=1, description="What is sold")
    currency: Literal["GBP", "EUR", "JPY"] = "GBP"
    day: date | None = Field(None, description="Business day; today unless given")
    note: str = ""
    gift: bool = False
    tags: list[str] = Field(default_factory=list, description="Words to find it by")
    key: str = Field("", description="Key of the drawer")


class OneSale(BaseModel):
    number: str


def sell(work, values: Sell):
    """Sell something."""
    total = sum((line.quantity * line.price for line in values.lines), Decimal(0))
    work.session.add(
        SaleRow(
            number=values.number,
            customer=values.customer,
            state=SaleState.OPEN,
            day=values.day or work.today,
            total=total,
            currency=values.currency,
            note=values.note or None,
            at=work.now,
            gift=values.gift,
        )
    )
    work.publish(SaleMade(sale=values.number, total=total, currency=values.currency, note=values.note))
    return {"sale": values.number, "total": total, "tags": values.tags, "drawer": values.key}


def pay(work, values: OneSale):
    sale = work.get(SaleRow, values.number)
    SALE.move(work, sale, "pay")
    work.publish(Whispered(sale=values.number))
    return {"sale": values.number, "state": sale.state}


def cancel(work, values: OneSale):
    sale = work.get(SaleRow, values.number)
    SALE.move(work, sale, "cancel")
    return {"sale": values.number, "state": sale.state}


def post(work, values: OneSale):
    sale = work.get(SaleRow, values.number)
    amount = Money(sale.total, sale.currency)
    return {"call": work.call("kiosk.post", subject=sale.number, key=sale.number, payload={}, amount=amount)}


def preview_cancel(work, values: OneSale):
    return [Consequence("money goes back", str(work.get(SaleRow, values.number).total))]
'''
_FLOWS = """
from fenbu import Permanent

from .contracts import SaleMade, Whispered


def send(request):
    raise Permanent("the post office is closed")


def record(work, request, outcome) -> None:
    work.publish(Whispered(sale=request.key))


def ring(work, event: SaleMade) -> None:
    if event.note.startswith("cursed"):
        raise Permanent(f"the bell is broken for {event.sale}")
"""
_VIEWS = """
from decimal import Decimal

from sqlalchemy import func, select

from fenbu import Check, Column, Finding, Metric, View
from fenbu.metrics import Health

from .tables import SaleRow

SALES = View(
    name="kiosk.sales",
    title="Sales",
    query=lambda work: select(
        SaleRow.number, SaleRow.customer, SaleRow.state, SaleRow.day, SaleRow.total, SaleRow.currency,
        SaleRow.note, SaleRow.at, SaleRow.gift,
    ),
    columns=(
        Column("number", "Number"),
        Column("customer", "Customer", personal=True),
        Column("state", "State", "state"),
        Column("day", "Day", "day"),
        Column("total", "Total", "money", unit="currency"),
        Column("currency", "Currency"),
        Column("note", "Note"),
        Column("at", "At", "time"),
        Column("gift", "Gift", "yes_no"),
    ),
    key=("number",),
    record="number",
    filters=("state", "day", "customer", "gift", "currency"),
    sorts=("total", "note"),
    state="state",
    lifecycle="fenbu_kiosk.lifecycles:SALE",
    actions=("kiosk.sale.pay", "kiosk.sale.cancel"),
)
BY_DAY = View(
    name="kiosk.days",
    title="Sales by day",
    query=lambda work: select(
        SaleRow.day, SaleRow.number, SaleRow.total,
    ),
    columns=(Column("day", "Day", "day"), Column("number", "Number"), Column("total", "Total", "money")),
    key=("-day", "number"),
    record="number",
)
VIEWS = (SALES, BY_DAY)


def takings(work):
    return work.execute(select(func.sum(SaleRow.total))).scalar()


METRICS = (
    Metric(name="kiosk.takings", title="Takings", unit="money", definition="Sum of all sales", value=takings),
    Metric(name="kiosk.sales", title="Sales", unit="count", definition="How many sales",
           value=lambda work: work.execute(select(func.count()).select_from(SaleRow)).scalar_one()),
)


def no_debt(work):
    poor = work.execute(select(func.count()).where(SaleRow.total < Decimal(0))).scalar_one()
    if poor:
        return Finding(Health.FAILED, f"{poor} sales below zero", poor)
    return Finding(Health.OK, "all above zero")


def fails(work):
    raise RuntimeError("nobody knows")


CHECKS = (
    Check(name="kiosk.no_debt", title="No sale is below zero", run=no_debt, repair="cancel them"),
)
"""
_EXPORTS = """
from sqlalchemy import select

from .tables import SaleRow


def as_text(work, span):
    for sale in work.execute(select(SaleRow).order_by(SaleRow.number)):
        if (span.since is None or sale.day >= span.since) and (span.until is None or sale.day <= span.until):
            yield f"{sale.number} {sale.customer}"


def as_rubbish(work, span):
    yield "first"
    raise RuntimeError("the pen broke")
"""
_EXPORTER = "__import__('fenbu').Exporter(name='kiosk.{noun}', title=N_('{title}'), formats={formats})"
_EXPORTERS = ",".join(
    (
        _EXPORTER.format(noun="sales", title="Sales", formats={"text": "fenbu_kiosk.exports:as_text"}),
        _EXPORTER.format(
            noun="scribbles",
            title="Scribbles",
            formats={"text": "fenbu_kiosk.exports:as_text", "rubbish": "fenbu_kiosk.exports:as_rubbish"},
        ),
    )
)
_ACTION = (
    "Action(name='kiosk.sale.{verb}', title='{title}', input='fenbu_kiosk.sales:{input}', "
    "run='fenbu_kiosk.sales:{verb}', {more})"
)
_ACTIONS = ",".join(
    (
        _ACTION.format(verb="sell", title="Sell something", input="Sell", more="subject='number'"),
        _ACTION.format(
            verb="pay",
            title="Take the money",
            input="OneSale",
            more="subject='number', verb='pay', view='kiosk.sales', lifecycle='fenbu_kiosk.lifecycles:SALE'",
        ),
        _ACTION.format(verb="post", title="Send it by post", input="OneSale", more="subject='number'"),
        _ACTION.format(
            verb="cancel",
            title="Cancel a sale",
            input="OneSale",
            more=(
                "subject='number', verb='cancel', view='kiosk.sales', dangerous=True, "
                "lifecycle='fenbu_kiosk.lifecycles:SALE', preview='fenbu_kiosk.sales:preview_cancel'"
            ),
        ),
    )
)

KIOSK = DummyModule(
    name="kiosk",
    version="2.1",
    manifest={
        "title": "'The kiosk'",
        "tables": "'fenbu_kiosk.tables:BASE'",
        "migrations": "'fenbu_kiosk.migrations'",
        "settings": "'fenbu_kiosk.sales:KioskSettings'",
        "contracts": "('fenbu_kiosk.contracts',)",
        "actions": f"({_ACTIONS},)",
        "views": "'fenbu_kiosk.views:VIEWS'",
        "metrics": "'fenbu_kiosk.views:METRICS'",
        "checks": "'fenbu_kiosk.views:CHECKS'",
        "lifecycles": "'fenbu_kiosk.lifecycles:LIFECYCLES'",
        "calls": "(Call(operation='kiosk.post', send='fenbu_kiosk.flows:send', record='fenbu_kiosk.flows:record'),)",
        "explain": "{'sale': 'kiosk.sales'}",
        "exporters": f"({_EXPORTERS},)",
        "subscriptions": (
            "(Subscription('kiosk.bells', on={'kiosk.sale-made/1': 'fenbu_kiosk.flows:ring'}, replayable=True),)"
        ),
    },
    files={
        "tables.py": _TABLES,
        "migrations/__init__.py": "",
        "migrations/0001_sales.py": migration("0001", None, _MIGRATION, '    op.drop_table("kiosk_sale")\n'),
        "lifecycles.py": _LIFECYCLES,
        "contracts.py": _CONTRACTS,
        "sales.py": _SALES,
        "flows.py": _FLOWS,
        "views.py": _VIEWS,
        "exports.py": _EXPORTS,
    },
)
"""The module."""
