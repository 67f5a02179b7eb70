"""Rows of who may owe."""

from datetime import datetime
from typing import Any, ClassVar

from fenbu import columns
from fenbu.tables import STRICT, one_of, table_of
from fenbu_erp.lifecycles import AccountState
from fenbu_erp.tables.base import Base


class AccountRow(Base, table=True):
    """A party able to owe."""

    __tablename__: ClassVar[Any] = "erp_account"
    __table_args__: ClassVar[Any] = (
        one_of("kind", "company", "person", "walk_in"),
        one_of("state", *AccountState),
        STRICT,
    )

    number: str = columns.text(key=True)
    kind: str = columns.text()
    name: str = columns.text(default="", personal=True)
    address: str = columns.text(default="", personal=True)
    tax_id: str = columns.text(default="", personal=True)
    currency: str = columns.text()
    state: str = columns.text(default="open")
    revision: int = columns.whole(default=1)
    opened_at: datetime = columns.moment()


ACCOUNT = table_of(AccountRow)
