"""Views of who buys and who may: segments, leads, opportunities and their pipeline."""

from __future__ import annotations

from sqlalchemy import case, func, select

from fenbu import looks
from fenbu.i18n import N_
from fenbu.views import Column, Related, View
from fenbu_crm import references, segments
from fenbu_crm.lifecycles import OPEN_STAGES
from fenbu_crm.tables import LEAD, OPPORTUNITY

_L, _O = LEAD.c, OPPORTUNITY.c
_RANK = case(*((_O.state == stage, rank) for rank, stage in enumerate(OPEN_STAGES, 1)))

SEGMENTS = View(
    name="crm.segments",
    title=N_("Segments"),
    help=N_(
        "Customers who have ordered, each scored 1 to 5 (5 the best fifth) by recency, frequency and value."
    ),
    query=segments.query,
    columns=(
        references.customer(),
        looks.state("kind", N_("Kind")),
        looks.state("segment", N_("Segment")),
        looks.number("recency", N_("Recency")),
        looks.number("frequency", N_("Frequency")),
        looks.number("monetary", N_("Value score")),
        looks.number("orders", N_("Orders")),
        looks.day("first_day", N_("First order")),
        looks.day("last_day", N_("Last order")),
        looks.money("value", N_("Value", "worth"), None),
    ),
    key=("customer",),
    record="customer",
    filters=("segment", "kind", "recency", "frequency", "monetary"),
    sorts=("value", "orders", "last_day"),
    related=(Related("crm.timeline", "customer", "customer", N_("Timeline")),),
)

LEADS = View(
    name="crm.leads",
    title=N_("Leads"),
    query=looks.always(
        select(
            _L.number.label("lead"),
            _L.state,
            _L.name,
            _L.kind,
            _L.contact,
            _L.email,
            _L.phone,
            _L.source,
            _L.interest,
            _L.owner,
            _L.entered_at,
            _L.ended_at,
            _L.reason,
            func.coalesce(_L.customer, "").label("customer"),
            _L.opportunity,
        )
    ),
    columns=(
        Column("lead", N_("Lead")),
        looks.state("state", N_("State")),
        references.personal("name", N_("Name")),
        looks.state("kind", N_("Kind")),
        references.personal("contact", N_("Contact")),
        references.personal("email", N_("E-mail")),
        references.personal("phone", N_("Telephone")),
        Column("source", N_("Source")),
        Column("interest", N_("Interest")),
        Column("owner", N_("Owner")),
        looks.time("entered_at", N_("Entered")),
        looks.time("ended_at", N_("Ended")),
        Column("reason", N_("Reason")),
        references.customer(),
        Column("opportunity", N_("Opportunity"), ref="crm.opportunities"),
    ),
    key=("-lead",),
    record="lead",
    filters=("state", "source", "owner", "customer"),
    state="state",
    lifecycle="fenbu_crm.lifecycles:LEAD",
    actions=("crm.lead.contact", "crm.lead.convert", "crm.lead.lose"),
)

OPPORTUNITIES = View(
    name="crm.opportunities",
    title=N_("Opportunities"),
    query=looks.always(
        select(
            _O.number.label("opportunity"),
            _O.state,
            _O.customer,
            _O.title,
            _O.amount,
            _O.currency,
            _O.close_on,
            _O.owner,
            _O.reason,
            _O.order_number.label("order"),
            _O.lead,
            _O.opened_at,
            _O.ended_at,
        )
    ),
    columns=(
        Column("opportunity", N_("Opportunity")),
        looks.state("state", N_("Stage")),
        references.customer(),
        Column("title", N_("What")),
        looks.money("amount", N_("Amount")),
        Column("currency", N_("Currency")),
        looks.day("close_on", N_("Decided by", "day")),
        Column("owner", N_("Owner")),
        Column("reason", N_("Reason")),
        references.order(),
        Column("lead", N_("Lead"), ref="crm.leads"),
        looks.time("opened_at", N_("Opened")),
        looks.time("ended_at", N_("Ended")),
    ),
    key=("-opportunity",),
    record="opportunity",
    filters=("state", "customer", "owner", "close_on", "currency"),
    state="state",
    lifecycle="fenbu_crm.lifecycles:OPPORTUNITY",
    actions=(
        "crm.opportunity.advance",
        "crm.opportunity.return",
        "crm.opportunity.change",
        "crm.opportunity.win",
        "crm.opportunity.lose",
    ),
)

PIPELINE = View(
    name="crm.pipeline",
    title=N_("Pipeline"),
    help=N_("What is expected of open opportunities, by stage."),
    query=looks.always(
        select(
            _RANK.label("rank"),
            _O.state.label("stage"),
            _O.currency,
            func.count().label("opportunities"),
            func.sum(_O.amount, type_=_O.amount.type).label("amount"),
            func.min(_O.close_on, type_=_O.close_on.type).label("next_close"),
        )
        .where(_O.state.in_(OPEN_STAGES))
        .group_by(_O.state, _O.currency)
    ),
    columns=(
        looks.number("rank", N_("No.")),
        looks.state("stage", N_("Stage")),
        looks.number("opportunities", N_("Opportunities")),
        looks.money("amount", N_("Amount")),
        Column("currency", N_("Currency")),
        looks.day("next_close", N_("Next decided")),
    ),
    key=("rank", "currency"),
    record="stage",
    filters=("stage", "currency"),
    related=(Related("crm.opportunities", "state", "stage", N_("Opportunities")),),
)

SALES_VIEWS = (SEGMENTS, LEADS, OPPORTUNITIES, PIPELINE)
