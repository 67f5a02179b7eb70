"""The chart of accounts: the ledger's own accounts, and which of them the system posts to by role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Row, bindparam, delete, insert, select, update

from fenbu.errors import AlreadyExists, FieldProblem, InputInvalid, NotFound
from fenbu.i18n import N_, _
from fenbu.inputs import Code, Input, Title
from fenbu.work import Work
from fenbu_erp.errors import ChartInUse, RoleMissing
from fenbu_erp.tables import BALANCE, CHART, POSTING

Kind = Literal["asset", "liability", "equity", "revenue", "expense"]


class Role(StrEnum):
    """What the system itself posts to an account."""

    BANK = "bank"
    CASH = "cash"
    CLEARING = "clearing"
    """Money that a payment gateway holds for us."""
    RECEIVABLES = "receivables"
    DEPOSITS = "deposits"
    """Customers' money without an invoice yet."""
    INVENTORY = "inventory"
    GOODS_IN = "goods_in"
    """Goods received that no supplier has invoiced yet."""
    TAX = "tax"
    WAGE_TAX = "wage_tax"
    """Withheld from wages, owed to the tax office."""
    SOCIAL_SECURITY = "social_security"
    """Owed to social security: what was withheld, and the employer's share."""
    DEDUCTIONS = "deductions"
    """Withheld from wages for others."""
    NET_PAY = "net_pay"
    """Owed to those who work here."""
    OPENING = "opening"
    REVENUE = "revenue"
    RETURNS = "returns"
    COST = "cost"
    """Of goods sold."""
    STOCK_LOSS = "stock_loss"
    WAGES = "wages"
    EMPLOYER_SHARE = "employer_share"
    """What the employer adds to wages for social security."""
    BAD_DEBT = "bad_debt"
    FEES = "fees"
    EXCHANGE = "exchange"
    ROUNDING = "rounding"


CONTROL = frozenset({Role.RECEIVABLES, Role.DEPOSITS})
"""Roles whose postings name a party; their balance is the sum of what is open."""

STANDARD: tuple[tuple[str, str, Kind, Role | None], ...] = (
    ("1000", N_("Bank"), "asset", Role.BANK),
    ("1010", N_("Cash"), "asset", Role.CASH),
    ("1050", N_("Payment clearing"), "asset", Role.CLEARING),
    ("1100", N_("Receivables"), "asset", Role.RECEIVABLES),
    ("1300", N_("Inventory"), "asset", Role.INVENTORY),
    ("2000", N_("Payables"), "liability", None),
    ("2050", N_("Goods received, not invoiced"), "liability", Role.GOODS_IN),
    ("2100", N_("Customer deposits"), "liability", Role.DEPOSITS),
    ("2200", N_("Sales tax"), "liability", Role.TAX),
    ("2300", N_("Wage tax"), "liability", Role.WAGE_TAX),
    ("2310", N_("Social security"), "liability", Role.SOCIAL_SECURITY),
    ("2320", N_("Other deductions from wages"), "liability", Role.DEDUCTIONS),
    ("2330", N_("Net pay"), "liability", Role.NET_PAY),
    ("3000", N_("Equity"), "equity", None),
    ("3900", N_("Opening balances"), "equity", Role.OPENING),
    ("4000", N_("Revenue"), "revenue", Role.REVENUE),
    ("4900", N_("Returns and allowances"), "revenue", Role.RETURNS),
    ("5000", N_("Cost of goods sold"), "expense", Role.COST),
    ("5100", N_("Stock losses and finds"), "expense", Role.STOCK_LOSS),
    ("6000", N_("Operating expenses"), "expense", None),
    ("6100", N_("Wages and salaries"), "expense", Role.WAGES),
    ("6110", N_("Social security, employer's share"), "expense", Role.EMPLOYER_SHARE),
    ("6500", N_("Bad debt"), "expense", Role.BAD_DEBT),
    ("6600", N_("Payment fees"), "expense", Role.FEES),
    ("6900", N_("Exchange differences"), "expense", Role.EXCHANGE),
    ("6910", N_("Rounding differences"), "expense", Role.ROUNDING),
)

HAS_ROLE = CHART.c.role.is_not(None)
_ROLES = select(CHART.c.role, CHART.c.code).where(HAS_ROLE)
_ALL = select(CHART.c.code, CHART.c.kind, CHART.c.role)
_USED = select(POSTING.c.chart).union(select(BALANCE.c.chart))
_INSERT = insert(CHART)
_UPDATE = (
    update(CHART)
    .where(CHART.c.code == bindparam("wanted"))
    .values(title=bindparam("new_title"), kind=bindparam("new_kind"), role=bindparam("new_role"))
)
_FREE_ROLES = update(CHART).values(role=None)
_DELETE = delete(CHART).where(CHART.c.code == bindparam("wanted"))


class ChartAccount(Input):
    """An account of the ledger."""

    code: Code
    title: Title
    kind: Kind
    role: Role | None = Field(None, description="What the system itself posts here; one account a role")


class ReplaceChart(Input):
    """A whole chart of accounts."""

    accounts: Sequence[ChartAccount] = Field(min_length=2, max_length=10_000)


def add(work: Work, account: ChartAccount) -> dict[str, Any]:
    """Add an account to the chart.

    Raises:
        AlreadyExists: The code is taken, or another account has the role.
    """
    known = {row.code: row.role for row in work.execute(_ALL)}
    if account.code in known:
        raise AlreadyExists(_("ledger account"), account.code)
    if account.role is not None and account.role in known.values():
        raise AlreadyExists(_("ledger account with the role"), account.role)
    work.execute(_INSERT, account.model_dump())
    return account.model_dump()


def replace(work: Work, wanted: ReplaceChart) -> dict[str, Any]:
    """Put another chart in the place of this one; every role must be filled.

    Raises:
        InputInvalid: A code or role stands twice, or a role is missing.
        ChartInUse: Something is posted to an account that would go or become another kind.
    """
    _check(wanted)
    before = {row.code: row for row in work.execute(_ALL)}
    after = {account.code: account for account in wanted.accounts}
    used = set(work.execute(_USED).scalars())
    if broken := sorted(code for code in used if code not in after or after[code].kind != before[code].kind):
        raise ChartInUse(broken)
    work.execute(_FREE_ROLES)
    if gone := [{"wanted": code} for code in before if code not in after]:
        work.execute(_DELETE, gone)
    if kept := [code for code in after if code in before]:
        work.execute(_UPDATE, [{"wanted": code, **_new(after[code])} for code in kept])
    if fresh := [account.model_dump() for code, account in after.items() if code not in before]:
        work.execute(_INSERT, fresh)
    return {"accounts": len(after), "removed": len(before.keys() - after.keys())}


def seed(work: Work) -> None:
    """Write the standard chart."""
    rows = [
        {"code": code, "title": _(title), "kind": kind, "role": role} for code, title, kind, role in STANDARD
    ]
    work.execute(_INSERT, rows)


class Chart:
    """The chart as the ledger needs it: which account has which role."""

    def __init__(self, roles: Iterable[Row[Any]]) -> None:
        self._roles: dict[str, str] = dict(map(tuple, roles))
        self.control = {self._roles[role]: role for role in CONTROL if role in self._roles}
        """Code to role of the control accounts."""

    def code(self, role: Role) -> str:
        """Return the code of the account with a role; `RoleMissing` when there is none."""
        code = self._roles.get(role)
        if code is None:
            raise RoleMissing(role)
        return code


def read(work: Work) -> Chart:
    """Return the chart as it is now."""
    return Chart(work.execute(_ROLES))


def resolve(work: Work, chart: Chart, names: Sequence[str]) -> Mapping[str, str]:
    """Return the codes of ledger accounts named by code, or by role as ``@bank``.

    Raises:
        NotFound: No account has this code.
        RoleMissing: No account has this role.
    """
    known = {row.code for row in work.execute(_ALL)} if any(name[0] != "@" for name in names) else set()
    found = {}
    for name in names:
        if name.startswith("@"):
            if name[1:] not in set(Role):
                raise NotFound(_("role"), name[1:], _("roles are {roles}").format(roles=", ".join(Role)))
            found[name] = chart.code(Role(name[1:]))
        elif name not in known:
            raise NotFound(_("ledger account"), name, _("fenbu show erp.chart lists them"))
        else:
            found[name] = name
    return found


def _new(account: ChartAccount) -> dict[str, Any]:
    return {"new_title": account.title, "new_kind": account.kind, "new_role": account.role}


def _check(wanted: ReplaceChart) -> None:
    codes = [account.code for account in wanted.accounts]
    roles = [account.role for account in wanted.accounts if account.role is not None]
    problems = [
        FieldProblem("accounts", _("{what} stands twice").format(what=what))
        for what in sorted({one for one in (*codes, *roles) if (*codes, *roles).count(one) > 1})
    ]
    if missing := sorted(set(Role) - set(roles)):
        problems.append(
            FieldProblem("accounts", _("no account has the role {roles}").format(roles=", ".join(missing)))
        )
    if problems:
        raise InputInvalid("erp.chart.replace", problems)
