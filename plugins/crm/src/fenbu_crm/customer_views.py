"""Views of customers: who they are, how they are reached, what they allow and may owe, what happened to them."""

from __future__ import annotations

from sqlalchemy import func, select

from fenbu import looks
from fenbu.i18n import N_
from fenbu.views import Column, Related, View
from fenbu_crm import references
from fenbu_crm.lifecycles import CustomerState
from fenbu_crm.tables import (
    ADDRESS,
    CONSENT,
    CONSENT_ENTRY,
    CONTACT,
    CREDIT_LIMIT,
    CUSTOMER,
    PARTY,
    TIMELINE,
)

_C, _P, _T, _N, _L = CUSTOMER.c, PARTY.c, TIMELINE.c, CONSENT.c, CREDIT_LIMIT.c
_TO, _AT, _E = CONTACT.c, ADDRESS.c, CONSENT_ENTRY.c

CUSTOMERS = View(
    name="crm.customers",
    title=N_("Customers"),
    help=N_("People and companies that buy or may buy; who came with an account has its number after CA-."),
    query=looks.always(
        select(
            _C.number.label("customer"),
            _C.name,
            _C.kind,
            _C.state,
            func.coalesce(_C.account, "").label("account"),
            _C.merged_into,
            _C.registered_at,
            _C.registered_by,
            _C.revision,
        )
    ),
    columns=(
        Column("customer", N_("Customer")),
        references.personal("name", N_("Name")),
        looks.state("kind", N_("Kind")),
        looks.state("state", N_("State")),
        references.account(),
        Column("merged_into", N_("Same as"), ref="crm.customers"),
        looks.time("registered_at", N_("Registered")),
        Column("registered_by", N_("By")),
        looks.number("revision", N_("Revision")),
    ),
    key=("customer",),
    record="customer",
    filters=("kind", "state", "account", "name"),
    state="state",
    lifecycle="fenbu_crm.lifecycles:CUSTOMER",
    actions=(
        "crm.customer.change",
        "crm.case.open",
        "crm.opportunity.open",
        "crm.consent.give",
        "crm.consent.withdraw",
        "crm.credit.set",
        "crm.contact.add",
        "crm.address.add",
        "crm.customer.link",
        "crm.customer.merge",
    ),
    related=(
        Related("crm.timeline", "customer", "customer", N_("Timeline")),
        Related("crm.contacts", "customer", "customer", N_("Contacts")),
        Related("crm.addresses", "customer", "customer", N_("Addresses")),
        Related("crm.cases", "customer", "customer", N_("Cases")),
        Related("crm.opportunities", "customer", "customer", N_("Opportunities")),
        Related("crm.consents", "customer", "customer", N_("Consents")),
        Related("crm.credit-limits", "customer", "customer", N_("Credit limits")),
        Related("crm.segments", "customer", "customer", N_("Segment")),
    ),
)

TIMELINE_VIEW = View(
    name="crm.timeline",
    title=N_("Timeline"),
    help=N_("What happened to customers, whichever module told it; the newest first."),
    query=looks.always(
        select(
            _T.event,
            _P.customer,
            _T.happened_at,
            _T.day,
            _T.lane,
            _T.topic,
            _T.subject,
            _T.fact,
            _T.amount,
            _T.currency,
            _T.order_number.label("order"),
        ).join_from(TIMELINE, PARTY, _P.party == _T.party)
    ),
    columns=(
        looks.number("event", N_("Event")),
        references.customer(),
        looks.time("happened_at", N_("When")),
        looks.day("day", N_("Business date")),
        looks.state("lane", N_("Lane")),
        Column("topic", N_("What")),
        Column("subject", N_("Document")),
        Column("fact", N_("Fact")),
        looks.money("amount", N_("Amount")),
        Column("currency", N_("Currency")),
        references.order(),
    ),
    key=("-event",),
    record="event",
    filters=("customer", "order", "lane", "topic", "day"),
)

CONTACTS = View(
    name="crm.contacts",
    title=N_("Contacts"),
    query=looks.always(select(_TO.customer, _TO.contact, _TO.name, _TO.role, _TO.email, _TO.phone)),
    columns=(
        references.customer(),
        looks.number("contact", N_("No.")),
        references.personal("name", N_("Name")),
        Column("role", N_("Role", "of a contact")),
        references.personal("email", N_("E-mail")),
        references.personal("phone", N_("Telephone")),
    ),
    key=("customer", "contact"),
    record="customer",
    filters=("customer", "name"),
    actions=("crm.contact.change", "crm.contact.remove"),
)

ADDRESSES = View(
    name="crm.addresses",
    title=N_("Addresses"),
    query=looks.always(
        select(_AT.customer, _AT.address, _AT.kind, _AT.street, _AT.postcode, _AT.city, _AT.country)
    ),
    columns=(
        references.customer(),
        looks.number("address", N_("No.")),
        looks.state("kind", N_("Kind")),
        references.personal("street", N_("Street")),
        references.personal("postcode", N_("Postcode")),
        references.personal("city", N_("City")),
        Column("country", N_("Country")),
    ),
    key=("customer", "address"),
    record="customer",
    filters=("customer", "kind", "country"),
    actions=("crm.address.change", "crm.address.remove"),
)

CONSENTS = View(
    name="crm.consents",
    title=N_("Consents"),
    help=N_("What customers have said last about each purpose."),
    query=looks.always(
        select(_N.customer, _N.purpose, _N.state, _N.said_at, _N.source)
        .join_from(CONSENT, CUSTOMER, _C.number == _N.customer)
        .where(_C.state == CustomerState.ACTIVE)
    ),
    columns=(
        references.customer(),
        Column("purpose", N_("Purpose")),
        looks.state("state", N_("State")),
        looks.time("said_at", N_("Said")),
        Column("source", N_("How we know")),
    ),
    key=("customer", "purpose"),
    record="customer",
    filters=("customer", "purpose", "state"),
    state="state",
    lifecycle="fenbu_crm.lifecycles:CONSENT",
    actions=("crm.consent.give", "crm.consent.withdraw"),
)

CONSENT_ENTRIES = View(
    name="crm.consent-entries",
    title=N_("What was said about consent"),
    query=looks.always(
        select(
            _E.id.label("entry"),
            _E.customer,
            _E.purpose,
            _E.state,
            _E.said_at,
            _E.source,
            _E.noted_at,
            _E.noted_by,
        )
    ),
    columns=(
        looks.number("entry", N_("Entry", "in a list")),
        references.customer(),
        Column("purpose", N_("Purpose")),
        looks.state("state", N_("State")),
        looks.time("said_at", N_("Said")),
        Column("source", N_("How we know")),
        looks.time("noted_at", N_("Noted")),
        Column("noted_by", N_("By")),
    ),
    key=("-entry",),
    record="entry",
    filters=("customer", "purpose", "state"),
)

CREDIT_LIMITS = View(
    name="crm.credit-limits",
    title=N_("Credit limits"),
    help=N_("How much customers may owe, in each currency; where none is named no limit is kept."),
    query=looks.always(
        select(
            _L.customer,
            _L.currency,
            func.coalesce(_C.account, "").label("account"),
            _L.amount,
            _L.reason,
            _L.set_at,
            _L.set_by,
        ).join_from(CREDIT_LIMIT, CUSTOMER, _C.number == _L.customer)
    ),
    columns=(
        references.customer(),
        references.account(),
        looks.money("amount", N_("May owe")),
        Column("currency", N_("Currency")),
        Column("reason", N_("Reason")),
        looks.time("set_at", N_("Set")),
        Column("set_by", N_("By")),
    ),
    key=("customer", "currency"),
    record="customer",
    filters=("customer", "currency", "account"),
    actions=("crm.credit.set", "crm.credit.drop"),
)

CUSTOMER_VIEWS = (
    CUSTOMERS,
    TIMELINE_VIEW,
    CONTACTS,
    ADDRESSES,
    CONSENTS,
    CONSENT_ENTRIES,
    CREDIT_LIMITS,
)
