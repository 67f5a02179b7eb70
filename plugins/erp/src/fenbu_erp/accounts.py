"""Accounts: parties able to owe. ERP owns them; CRM says which customer belongs to which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Row, bindparam, select, update

from fenbu.contracts.erp import AccountFacts, AccountOpened
from fenbu.errors import Changed, NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Input
from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_erp import lifecycles
from fenbu_erp.errors import AccountBlocked
from fenbu_erp.inputs import CurrencyOrNone, PersonalText
from fenbu_erp.tables import ACCOUNT

WALK_IN = "WALK-IN"
"""Number of the account of buyers who give no name; made when the module is enabled."""

_FIELDS = ("name", "address", "tax_id", "state", "revision")
_KNOWN = select(ACCOUNT.c.number).where(ACCOUNT.c.number.in_(bindparam("numbers", expanding=True)))
_ADD = upsert(ACCOUNT, returning=(ACCOUNT.c.number,))
_FACTS = select(ACCOUNT.c.number, ACCOUNT.c.currency, ACCOUNT.c.kind, ACCOUNT.c.state)
_ONE = _FACTS.where(ACCOUNT.c.number == bindparam("wanted"))
_LOCKED = select(ACCOUNT).where(ACCOUNT.c.number == bindparam("wanted")).with_for_update(key_share=True)
_CHANGE = (
    update(ACCOUNT)
    .where(ACCOUNT.c.number == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in _FIELDS})
)
_PAGE = (
    _FACTS.where(ACCOUNT.c.number > bindparam("after")).order_by(ACCOUNT.c.number).limit(bindparam("most"))
)


class NewAccount(Input):
    """An account as it is entered."""

    account: Code = Field(description="Its number")
    kind: Literal["company", "person", "walk_in"] = "company"
    name: PersonalText = Field("", description="Legal name")
    address: PersonalText = Field("", description="Invoice address")
    tax_id: PersonalText = ""
    currency: CurrencyOrNone = Field("", description="The enterprise's own unless given")


class RegisterAccounts(Input):
    """Accounts to open; those whose number is known are left as they are."""

    accounts: Sequence[NewAccount] = Field(min_length=1, max_length=10_000)


class ChangeAccount(Input):
    """What is to be different about an account; what is not named stays."""

    account: Code
    name: PersonalText | None = None
    address: PersonalText | None = None
    tax_id: PersonalText | None = None
    revision: int | None = Field(None, description="The revision you have seen; refused when it has moved")


class AccountRef(Input):
    """One account."""

    account: Code


def register(work: Work, given: RegisterAccounts) -> dict[str, Any]:
    """Open the accounts whose numbers are not known yet and tell the other modules of them."""
    first = {new.account: new for new in reversed(given.accounts)}
    known = set(work.execute(_KNOWN, {"numbers": list(first)}).scalars())
    fresh = [new for number, new in first.items() if number not in known]
    if not fresh:
        return {"registered": 0, "known": len(known)}
    rows = [_row(work, new) for new in sorted(fresh, key=lambda new: new.account)]
    added = set(work.execute(_ADD[work.dialect], rows).scalars())
    for row in rows:
        if row["number"] in added:
            work.publish(AccountOpened(account=row["number"], currency=row["currency"], kind=row["kind"]))
    return {"registered": len(added), "known": len(first) - len(added)}


def change(work: Work, wanted: ChangeAccount) -> dict[str, Any]:
    """Change name, address or tax id of an account; issued documents keep what they say.

    Raises:
        NotFound: No such account.
        Changed: The account has another revision than the one seen.
    """
    row = _locked(work, wanted.account)
    if wanted.revision not in (None, row["revision"]):
        raise Changed(_("account {account}").format(account=wanted.account))
    named = wanted.model_dump(exclude={"account", "revision"}, exclude_none=True)
    return _store(work, {**row, **named})


def block(work: Work, ref: AccountRef) -> dict[str, Any]:
    """Let an account buy no more; what is open goes on."""
    return _move(work, ref.account, "block")


def unblock(work: Work, ref: AccountRef) -> dict[str, Any]:
    """Let a blocked account buy again."""
    return _move(work, ref.account, "unblock")


def find(work: Work, number: str) -> Row[Any]:
    """Return number, currency, kind and state of an account.

    Raises:
        NotFound: No such account.
    """
    row = work.execute(_ONE, {"wanted": number}).first()
    if row is None:
        raise NotFound(_("account"), number, _("open it first: fenbu do erp.account.register"))
    return row


def buyer(work: Work, number: str) -> Row[Any]:
    """Return an account that may buy; as `find`, and `AccountBlocked`."""
    row = find(work, number)
    if row.state != lifecycles.AccountState.OPEN:
        raise AccountBlocked(number)
    return row


def page(work: Work, after: str, limit: int) -> Sequence[AccountFacts]:
    """Return accounts after a number, in the order of their numbers."""
    return [
        AccountFacts(account=row.number, currency=row.currency, kind=row.kind)
        for row in work.execute(_PAGE, {"after": after, "most": limit})
    ]


def _row(work: Work, new: NewAccount) -> dict[str, Any]:
    return {
        "number": new.account,
        "kind": new.kind,
        "name": new.name,
        "address": new.address,
        "tax_id": new.tax_id,
        "currency": new.currency or work.enterprise.currency,
        "state": lifecycles.AccountState.OPEN,
        "revision": 1,
        "opened_at": work.now,
    }


def _move(work: Work, number: str, verb: str) -> dict[str, Any]:
    row = _locked(work, number)
    return _store(work, {**row, "state": lifecycles.ACCOUNT.next(row["state"], verb, number)})


def _locked(work: Work, number: str) -> dict[str, Any]:
    row = work.execute(_LOCKED, {"wanted": number}).mappings().first()
    if row is None:
        raise NotFound(_("account"), number, _("fenbu show erp.accounts lists them"))
    return dict(row)


def _store(work: Work, row: Mapping[str, Any]) -> dict[str, Any]:
    revision = row["revision"] + 1
    new = {f"new_{name}": row[name] for name in _FIELDS} | {"new_revision": revision}
    work.execute(_CHANGE, {"wanted": row["number"], **new})
    return {"account": row["number"], "state": row["state"], "revision": revision}
