"""Items: what can be sold, goods or services. ERP owns them; others learn of them by event and hook."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Row, bindparam, select, update

from fenbu.contracts.erp import ItemFacts, ItemPublished
from fenbu.errors import Changed, NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Input, Title
from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_erp import lifecycles, taxes
from fenbu_erp.errors import ItemRetired
from fenbu_erp.inputs import Text
from fenbu_erp.settings import ErpSettings
from fenbu_erp.tables import ITEM

GOODS = "goods"
SERVICE = "service"

_KNOWN = select(ITEM.c.code, ITEM.c.title).where(ITEM.c.code.in_(bindparam("codes", expanding=True)))
_ADD = upsert(ITEM, returning=(ITEM.c.code,))
_SELLABLE = select(
    ITEM.c.code, ITEM.c.title, ITEM.c.kind, ITEM.c.unit, ITEM.c.tax_category, ITEM.c.state
).where(ITEM.c.code.in_(bindparam("codes", expanding=True)))
_ONE = select(ITEM).where(ITEM.c.code == bindparam("wanted")).with_for_update(key_share=True)
_CHANGE = (
    update(ITEM)
    .where(ITEM.c.code == bindparam("wanted"))
    .values(
        {name: bindparam(f"new_{name}") for name in ("title", "unit", "tax_category", "state", "revision")}
    )
)
_FACTS = select(ITEM.c.code, ITEM.c.title, ITEM.c.kind, ITEM.c.unit, ITEM.c.tax_category).order_by(
    ITEM.c.code
)
_PAGE = _FACTS.where(ITEM.c.code > bindparam("after")).limit(bindparam("most"))
_OF_CODES = _FACTS.where(ITEM.c.code.in_(bindparam("codes", expanding=True)))
_UNNAMED = (
    select(ITEM)
    .where(ITEM.c.code.in_(bindparam("codes", expanding=True)), ITEM.c.title == ITEM.c.code)
    .order_by(ITEM.c.code)
    .with_for_update(key_share=True)
)


class NewItem(Input):
    """An item as it is entered."""

    item: Code = Field(description="Its code")
    title: Text = Field("", description="What it is called; the code unless given")
    kind: Literal["goods", "service"] = Field("goods", description="Goods can be stocked, services cannot")
    unit: str = Field("", max_length=32, description="Unit of measure; the one in the settings unless given")
    tax_category: Code = Field(taxes.UNTAXED, description="Which tax rate applies")


class RegisterItems(Input):
    """Items to enter; those whose code is known are left as they are, but one that has no name takes its first."""

    items: Sequence[NewItem] = Field(min_length=1, max_length=10_000)


class ChangeItem(Input):
    """What is to be different about an item; what is not named stays."""

    item: Code
    title: Title | None = None
    unit: Title | None = None
    tax_category: Code | None = None
    revision: int | None = Field(None, description="The revision you have seen; refused when it has moved")


class ItemRef(Input):
    """One item."""

    item: Code


def register(work: Work, given: RegisterItems) -> dict[str, Any]:
    """Enter the items whose codes are not known yet and tell the other modules of them.

    An item that was entered by its code alone (from a list of stock) takes the first title that it is given.

    Raises:
        NotFound: A tax category that nobody has set.
    """
    first = {new.item: new for new in reversed(given.items)}  # of one code that stands twice, the first
    known = {row.code: row.title for row in work.execute(_KNOWN, {"codes": list(first)})}
    _name(work, {code: first[code].title for code, title in known.items() if title == code})
    fresh = [new for code, new in first.items() if code not in known]
    if not fresh:
        return {"registered": 0, "known": len(known)}
    taxes.require_categories(work, {new.tax_category for new in fresh} - {taxes.UNTAXED})
    unit = work.settings(ErpSettings).unit
    rows = [
        {
            "code": new.item,
            "title": new.title or new.item,
            "kind": new.kind,
            "unit": new.unit or unit,
            "tax_category": new.tax_category,
            "state": lifecycles.ItemState.ACTIVE,
            "revision": 1,
            "registered_at": work.now,
        }
        for new in sorted(fresh, key=lambda new: new.item)
    ]
    added = set(work.execute(_ADD[work.dialect], rows).scalars())
    for row in rows:
        if row["code"] in added:
            _publish(work, row)
    return {"registered": len(added), "known": len(first) - len(added)}


def change(work: Work, wanted: ChangeItem) -> dict[str, Any]:
    """Change what is said of an item; documents that exist keep what they say.

    Raises:
        NotFound: No such item, or no such tax category.
        Changed: The item has another revision than the one seen.
    """
    row = _locked(work, wanted.item)
    if wanted.revision not in (None, row["revision"]):
        raise Changed(_("item {item}").format(item=wanted.item))
    if wanted.tax_category is not None:
        taxes.require_categories(work, {wanted.tax_category})
    named = wanted.model_dump(exclude={"item", "revision"}, exclude_none=True)
    return _store(work, {**row, **named})


def retire(work: Work, ref: ItemRef) -> dict[str, Any]:
    """Take an item out of sale; open orders with it go on."""
    return _move(work, ref.item, "retire")


def reinstate(work: Work, ref: ItemRef) -> dict[str, Any]:
    """Bring a retired item back into sale."""
    return _move(work, ref.item, "reinstate")


def known(work: Work, codes: Collection[str], *, selling: bool = True) -> Mapping[str, Row[Any]]:
    """Return code, title, kind, unit and tax category of the items, by code.

    Args:
        work: Read.
        codes: Which.
        selling: They must all be for sale.

    Raises:
        NotFound: A code that is no item.
        ItemRetired: An item that is not sold any more.
    """
    found = {row.code: row for row in work.execute(_SELLABLE, {"codes": list(set(codes))})}
    for code in codes:
        row = found.get(code)
        if row is None:
            raise NotFound(_("item"), code, _("enter it first: fenbu do erp.item.register"))
        if selling and row.state != lifecycles.ItemState.ACTIVE:
            raise ItemRetired(code)
    return found


def page(work: Work, after: str, limit: int) -> Sequence[ItemFacts]:
    """Return items after a code, in the order of their codes."""
    return [_facts(row) for row in work.execute(_PAGE, {"after": after, "most": limit})]


def facts(work: Work, codes: Collection[str]) -> Sequence[ItemFacts]:
    """Return the items of these that are known, in the order of their codes."""
    return [_facts(row) for row in work.execute(_OF_CODES, {"codes": list(codes)})]


def _facts(row: Row[Any]) -> ItemFacts:
    return ItemFacts(
        item=row.code, title=row.title, kind=row.kind, unit=row.unit, tax_category=row.tax_category
    )


def _name(work: Work, titles: Mapping[str, str]) -> None:
    """Give items that have only their code the title that is given now, if one is."""
    wanted = {code: title for code, title in titles.items() if title not in ("", code)}
    if wanted:
        for row in work.execute(_UNNAMED, {"codes": list(wanted)}).mappings().all():
            _store(work, {**row, "title": wanted[row["code"]]})


def _move(work: Work, code: str, verb: str) -> dict[str, Any]:
    row = _locked(work, code)
    return _store(work, {**row, "state": lifecycles.ITEM.next(row["state"], verb, code)})


def _locked(work: Work, code: str) -> dict[str, Any]:
    row = work.execute(_ONE, {"wanted": code}).mappings().first()
    if row is None:
        raise NotFound(_("item"), code, _("fenbu show erp.items lists them"))
    return dict(row)


def _store(work: Work, row: dict[str, Any]) -> dict[str, Any]:
    row["revision"] += 1
    fields = ("title", "unit", "tax_category", "state", "revision")
    work.execute(_CHANGE, {"wanted": row["code"], **{f"new_{name}": row[name] for name in fields}})
    _publish(work, row)
    return {"item": row["code"], "state": row["state"], "revision": row["revision"]}


def _publish(work: Work, row: Mapping[str, Any]) -> None:
    work.publish(ItemPublished(item=row["code"], title=row["title"], kind=row["kind"], unit=row["unit"]))
