"""Transition tables of what CRM keeps. States are participles or adjectives, actions are verbs."""

from __future__ import annotations

from enum import StrEnum

from fenbu.lifecycle import Lifecycle, Transition


class CustomerState(StrEnum):
    """Whether a record stands for a customer."""

    ACTIVE = "active"
    MERGED = "merged"
    """It was the same customer as another record, which stands for both."""


CUSTOMER = Lifecycle(
    name="crm.customer",
    states=CustomerState,
    initial=CustomerState.ACTIVE,
    terminal=frozenset({CustomerState.MERGED}),
    table=(Transition("merge", CustomerState.ACTIVE, CustomerState.MERGED),),
)


class ConsentState(StrEnum):
    """What a customer has said last about a purpose."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


CONSENT = Lifecycle(
    name="crm.consent",
    states=ConsentState,
    initial=ConsentState.GIVEN,
    terminal=frozenset(),
    table=(
        #          verb        from                    to
        Transition("give",     ConsentState.GIVEN,     ConsentState.GIVEN),
        Transition("withdraw", ConsentState.GIVEN,     ConsentState.WITHDRAWN),
        Transition("give",     ConsentState.WITHDRAWN, ConsentState.GIVEN),
    ),
)  # fmt: skip


class LeadState(StrEnum):
    """Where a lead stands."""

    NEW = "new"
    CONTACTED = "contacted"
    CONVERTED = "converted"
    LOST = "lost"


LEAD = Lifecycle(
    name="crm.lead",
    states=LeadState,
    initial=LeadState.NEW,
    terminal=frozenset({LeadState.CONVERTED, LeadState.LOST}),
    table=(
        #          verb       from                 to
        Transition("contact", LeadState.NEW,       LeadState.CONTACTED),
        Transition("convert", LeadState.NEW,       LeadState.CONVERTED),
        Transition("convert", LeadState.CONTACTED, LeadState.CONVERTED),
        Transition("lose",    LeadState.NEW,       LeadState.LOST),
        Transition("lose",    LeadState.CONTACTED, LeadState.LOST),
    ),
)  # fmt: skip


class OpportunityState(StrEnum):
    """The stage of an opportunity: three while it is open, then one of two ends."""

    QUALIFYING = "qualifying"
    PROPOSED = "proposed"
    NEGOTIATING = "negotiating"
    WON = "won"
    LOST = "lost"


_O = OpportunityState
OPEN_STAGES = (_O.QUALIFYING, _O.PROPOSED, _O.NEGOTIATING)

OPPORTUNITY = Lifecycle(
    name="crm.opportunity",
    states=OpportunityState,
    initial=_O.QUALIFYING,
    terminal=frozenset({_O.WON, _O.LOST}),
    table=(
        #          verb        from            to
        Transition("advance",  _O.QUALIFYING,  _O.PROPOSED),
        Transition("advance",  _O.PROPOSED,    _O.NEGOTIATING),
        Transition("return",   _O.PROPOSED,    _O.QUALIFYING),
        Transition("return",   _O.NEGOTIATING, _O.PROPOSED),
        *(Transition("change", stage, stage) for stage in OPEN_STAGES),
        *(Transition("win",  stage, _O.WON) for stage in OPEN_STAGES),
        *(Transition("lose", stage, _O.LOST) for stage in OPEN_STAGES),
    ),
)  # fmt: skip


class CaseState(StrEnum):
    """Whose turn it is in a case."""

    OPEN = "open"
    """The customer has asked; an answer is due."""
    ANSWERED = "answered"
    WAITING = "waiting"
    """We have asked the customer back."""
    RESOLVED = "resolved"
    REOPENED = "reopened"
    """It was resolved, and the customer came back; an answer is due."""
    CLOSED = "closed"


_C = CaseState
AWAITING_ANSWER = (_C.OPEN, _C.REOPENED)

CASE = Lifecycle(
    name="crm.case",
    states=CaseState,
    initial=_C.OPEN,
    terminal=frozenset({_C.CLOSED}),
    table=(
        #          verb       from         to
        *(Transition("answer",  state, _C.ANSWERED) for state in (*AWAITING_ANSWER, _C.WAITING)),
        *(Transition("ask",     state, _C.WAITING) for state in (*AWAITING_ANSWER, _C.ANSWERED)),
        *(Transition("hear",    state, _C.OPEN) for state in (_C.ANSWERED, _C.WAITING)),
        *(Transition("resolve", state, _C.RESOLVED) for state in (*AWAITING_ANSWER, _C.ANSWERED, _C.WAITING)),
        Transition("reopen",    _C.RESOLVED, _C.REOPENED),
        Transition("close",     _C.RESOLVED, _C.CLOSED),
    ),
)  # fmt: skip

LIFECYCLES = (CUSTOMER, CONSENT, LEAD, OPPORTUNITY, CASE)
