"""Which customers can be reached, and which of them the books know."""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from fenbu.completeness import Completeness, Counted, counted
from fenbu.i18n import N_
from fenbu.work import Work
from fenbu_crm.customers import WALK_IN
from fenbu_crm.lifecycles import CustomerState
from fenbu_crm.tables import ADDRESS, CONTACT, CUSTOMER

_CUSTOMERS = select(CUSTOMER.c.number).where(
    CUSTOMER.c.state == CustomerState.ACTIVE, CUSTOMER.c.kind != WALK_IN
)
_CONTACTS = select(CONTACT.c.customer).where(
    CONTACT.c.customer == CUSTOMER.c.number, or_(CONTACT.c.email != "", CONTACT.c.phone != "")
)
_ADDRESSES = select(ADDRESS.c.customer).where(ADDRESS.c.customer == CUSTOMER.c.number)


def customers_named(work: Work) -> Counted:
    """Count the customers whose name is known here, or to those who keep their account."""
    return counted(work, _CUSTOMERS, and_(CUSTOMER.c.name == "", CUSTOMER.c.account.is_(None)))


def customers_reachable(work: Work) -> Counted:
    """Count the customers with somebody to write to or to call."""
    return counted(work, _CUSTOMERS, ~_CONTACTS.exists())


def customers_addressed(work: Work) -> Counted:
    """Count the customers of whom an address is known."""
    return counted(work, _CUSTOMERS, ~_ADDRESSES.exists())


def customers_linked(work: Work) -> Counted | None:
    """Count the customers that belong to an account; None where no module keeps accounts."""
    return counted(work, _CUSTOMERS, CUSTOMER.c.account.is_(None)) if work.enabled("accounts") else None


COMPLETENESS = (
    Completeness(
        name="crm.customers_named",
        title=N_("Customers with a name"),
        definition=N_(
            "Of active customers but buyers without name, those with a name here or an account that has it."
        ),
        count=customers_named,
        drill="crm.customers",
        repair=N_("fenbu do crm.customer.change"),
    ),
    Completeness(
        name="crm.customers_reachable",
        title=N_("Customers with a contact"),
        definition=N_(
            "Of active customers but buyers without name, those with a contact who has e-mail or phone."
        ),
        count=customers_reachable,
        drill="crm.customers",
        repair=N_("fenbu do crm.contact.add"),
    ),
    Completeness(
        name="crm.customers_addressed",
        title=N_("Customers with an address"),
        definition=N_("Of active customers but buyers without name, those with an address of any kind."),
        count=customers_addressed,
        drill="crm.customers",
        repair=N_("fenbu do crm.address.add"),
    ),
    Completeness(
        name="crm.customers_linked",
        title=N_("Customers with an account"),
        definition=N_(
            "Of active customers but buyers without name, those linked to an account of the books, if any are kept."
        ),
        count=customers_linked,
        drill="crm.customers",
        repair=N_("fenbu do crm.customer.link"),
    ),
)
