"""Rows of customer relations: columns, keys, CHECKs, indexes; no rules.

Others speak of a customer by several names: its number, the number of its account, the number of a record that
was merged with it. Each such name is a *party* (``account ACME``, ``customer C-000001``) and belongs to one
customer at a time. What others tell is kept by party, so that it need not be rewritten, nor come later, when
somebody finds out whose account it is.

Invariants that the database holds (triggers are made by the migration):

- An account belongs to at most one customer, and a customer that was merged has none.
- What was said about consent is written once.
- A credit limit is not below zero; what is expected of an opportunity neither.
- An answer is due exactly while a case is open or reopened.

Locks are taken in one order everywhere: customers by number, then what hangs on them, then the number series.
"""

from fenbu_crm.tables.base import Base
from fenbu_crm.tables.cases import CASE, CASE_ENTRY
from fenbu_crm.tables.customers import ADDRESS, CONSENT, CONSENT_ENTRY, CONTACT, CREDIT_LIMIT, CUSTOMER, PARTY
from fenbu_crm.tables.sales import LEAD, OPPORTUNITY
from fenbu_crm.tables.timeline import ORDER, TIMELINE

__all__ = [
    "ADDRESS",
    "CASE",
    "CASE_ENTRY",
    "CONSENT",
    "CONSENT_ENTRY",
    "CONTACT",
    "CREDIT_LIMIT",
    "CUSTOMER",
    "LEAD",
    "OPPORTUNITY",
    "ORDER",
    "PARTY",
    "TIMELINE",
    "Base",
]
