"""A payment in hand: append-only facts, what they add up to, and what should happen next. No database here.

Facts of operations (authorise, renew, capture, void, refund) have steps: begun by us, done or failed as the
outside says. Of one operation *done* beats *failed*, and saying anything twice changes nothing, so that the
same facts in any order add up to the same payment.

Invariants: captured + being captured + voided + being voided ≤ authorised; refunded + being refunded ≤ captured.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from attrs import define, field, frozen

from fenbu.errors import TransitionRefused
from fenbu.i18n import _
from fenbu_payments.lifecycles import PAYMENT, PaymentState

ZERO = Decimal(0)
_WAYS = frozenset((row.source, row.target) for row in PAYMENT.table)


class Kind(StrEnum):
    """What a fact is about: an operation with the outside, or something noted here."""

    AUTHORISE = "authorise"
    RENEW = "renew"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    PAYOUT = "payout"

    REQUEST = "request"
    DUE = "due"
    """Something was fulfilled: this much more is to be captured, or less for a discount."""
    LET_GO = "let_go"
    """Nothing more will be fulfilled: what is not due goes back; `amount` is due no longer."""
    RETURN = "return"
    """This much of what is or will be captured is to be given back, as a document or an operator says."""
    EXPLAIN = "explain"
    """This much of what an operator gave back is what a document now asks for."""
    EXPIRE = "expire"
    """The gateway no longer holds the money since `expires`."""
    RETRY = "retry"
    """An operator lets refused operations of a kind be tried again; `reference` names the kind."""
    ACCEPT = "accept"
    """An operator goes without this much of what was asked for: the gateway holds less."""
    PENDING = "pending"
    """The gateway has the operation that `reference` names, and says nothing of it yet."""


class Step(StrEnum):
    """How far an operation has come; `NOTED` for everything else."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    NOTED = "noted"


LETTERS = {Kind.AUTHORISE: "A", Kind.RENEW: "N", Kind.CAPTURE: "C", Kind.VOID: "V", Kind.REFUND: "R"}
"""By which an operation's number says what it is: ``PAY-00000042-C1``."""


@frozen(kw_only=True)
class Fact:
    """One thing that happened to a payment; never changed, never taken back."""

    kind: str
    step: str = Step.NOTED
    operation: str = ""
    amount: Decimal = ZERO
    fee: Decimal = ZERO
    day: date
    """Business date; of an operation begun, the day from which its outcome keeps its distance."""
    at: datetime
    expires: datetime | None = None
    reference: str = ""
    """The outside's own number, or the document that is the cause."""
    reason: str = ""
    source: str = ""
    """Who says so: ``call``, ``notice``, ``operator``, ``event``, ``timer``."""


@define
class Operation:
    """One operation, as its facts tell it."""

    number: str
    kind: str
    amount: Decimal = ZERO
    begun: Fact | None = None
    done: Fact | None = None
    failed: Fact | None = None

    @property
    def open(self) -> bool:
        """Begun, and nobody knows what came of it."""
        return self.begun is not None and self.done is None and self.failed is None


@frozen(kw_only=True)
class Totals:
    """What the facts of a payment add up to."""

    requested: Decimal = ZERO
    forgone: Decimal = ZERO
    """What of it an operator goes without."""
    authorised: Decimal = ZERO
    capturing: Decimal = ZERO
    captured: Decimal = ZERO
    capture_refused: Decimal = ZERO
    voiding: Decimal = ZERO
    voided: Decimal = ZERO
    void_refused: Decimal = ZERO
    refunding: Decimal = ZERO
    refunded: Decimal = ZERO
    refund_refused: Decimal = ZERO
    due: Decimal = ZERO
    returns: Decimal = ZERO
    """What documents and operators want given back, beside what is too much."""
    advanced: Decimal = ZERO
    """What of it operators gave back, and no document has asked for yet."""
    fee: Decimal = ZERO
    asked: bool = False
    """An authorisation was begun or is known."""
    failed: bool = False
    renewing: bool = False
    renew_refused: bool = False
    let_go: bool = False
    expires: datetime | None = None
    expired: bool = False

    @property
    def wanted(self) -> Decimal:
        """What was asked for and is not gone without."""
        return self.requested - self.forgone

    @property
    def free(self) -> Decimal:
        """What is held and neither taken nor let go, nor about to be."""
        return self.authorised - self.taken

    @property
    def taken(self) -> Decimal:
        """What of the authorised amount is used or set aside."""
        return self.captured + self.capturing + self.voided + self.voiding

    @property
    def given(self) -> Decimal:
        """What of the captured amount is given back or set aside for it."""
        return self.refunded + self.refunding

    @property
    def too_much(self) -> Decimal:
        """What was captured and will never be due, because nothing more will be fulfilled."""
        return _too_much(self.captured, self.due, let_go=self.let_go)

    @property
    def promised(self) -> Decimal:
        """What is given back in the end, as far as it is or will be captured."""
        return self.returns + self.too_much

    @property
    def held(self) -> Decimal:
        """What is authorised and neither taken nor let go yet."""
        return self.authorised - self.captured - self.voided

    @property
    def state(self) -> PaymentState:
        """Where the payment stands."""
        if self.authorised == 0:
            if self.failed:
                return PaymentState.FAILED
            return PaymentState.VOIDED if self.let_go and not self.asked else PaymentState.REQUESTED
        awaits_more = self.authorised < self.wanted and not self.let_go
        if self.held > 0 or awaits_more:
            return PaymentState.AUTHORISED
        if self.captured == 0:
            return PaymentState.VOIDED
        return PaymentState.REFUNDED if self.refunded >= self.captured else PaymentState.CAPTURED

    def lapsed(self, now: datetime) -> bool:
        """Say whether the gateway no longer holds the money."""
        return self.expired or (self.expires is not None and self.expires <= now)


@frozen
class Wish:
    """An operation that should be begun now."""

    kind: Kind
    amount: Decimal


@define
class Payment:
    """A payment with its facts."""

    number: str
    order_number: str
    account: str
    gateway: str
    currency: str
    facts: list[Fact] = field(factory=list)
    new: list[Fact] = field(factory=list)
    """Facts of this work, not stored yet."""
    totals: Totals = Totals()
    stored: Totals = Totals()
    """What its row keeps."""
    operations: dict[str, Operation] = field(factory=dict)
    told_of: bool = False
    """Notices of it wait to be taken."""

    def __attrs_post_init__(self) -> None:
        self.operations = operations(self.facts)
        self.totals = self.stored = _added_up(self.facts, self.operations)

    @property
    def key(self) -> str:
        """Key of its events: the order's number, or its own."""
        return self.order_number or self.number

    @property
    def state(self) -> PaymentState:
        """Where it stands."""
        return self.totals.state

    def add(self, fact: Fact) -> None:
        """Append a fact.

        Raises:
            TransitionRefused: The lifecycle knows no way from the state before to the state after.
        """
        before = self.state
        facts = [*self.facts, fact]
        known = operations(facts)
        totals = _added_up(facts, known)
        after = totals.state
        if after != before and (before, after) not in _WAYS:
            raise TransitionRefused(self.number, _verb_of(fact), before, PAYMENT.actions(before))
        self.facts, self.operations, self.totals = facts, known, totals
        self.new.append(fact)

    @property
    def pending(self) -> list[Operation]:
        """The operations that the gateway has and says nothing of yet."""
        told = {fact.reference for fact in self.facts if fact.kind == Kind.PENDING}
        return [one for one in self.operations.values() if one.open and one.number in told]

    @property
    def missing(self) -> Decimal:
        """What was asked for, answered and is not held; zero while an answer is awaited."""
        t = self.totals
        asking = any(one.kind == Kind.AUTHORISE and one.open for one in self.operations.values())
        return ZERO if asking or t.let_go or not t.authorised else t.wanted + t.voided - t.authorised

    def next_operation(self, kind: Kind) -> str:
        """Return the number of the next operation of this kind."""
        many = sum(operation.kind == kind for operation in self.operations.values())
        return f"{self.number}-{LETTERS[kind]}{many + 1}"

    def plan(self, now: datetime, *, by_hand: bool) -> list[Wish]:
        """Return what should be begun now, given all that is known.

        Args:
            now: To see whether the authorisation has expired.
            by_hand: Nobody is asked for an authorisation or a capture: an operator confirms what came in.
        """
        t = self.totals
        wishes = [] if by_hand else self._collecting(now)
        back = min(t.promised, t.captured) - t.refunded - t.refunding - t.refund_refused
        return [*wishes, Wish(Kind.REFUND, back)] if back > 0 else wishes

    def _collecting(self, now: datetime) -> list[Wish]:
        t = self.totals
        if not t.asked:
            return [] if t.let_go else [Wish(Kind.AUTHORISE, t.requested)]
        kept = min(t.free, max(ZERO, t.due - t.captured - t.capturing))
        wanted = max(ZERO, kept - t.capture_refused)
        wishes = []
        if wanted and not t.lapsed(now):
            wishes.append(Wish(Kind.CAPTURE, wanted))
        elif wanted and not (t.renewing or t.renew_refused):
            wishes.append(Wish(Kind.RENEW, t.free))
        rest = t.free - kept - t.void_refused if t.let_go or t.due >= t.wanted else ZERO
        return [*wishes, Wish(Kind.VOID, rest)] if rest > 0 else wishes


def operations(facts: Iterable[Fact]) -> dict[str, Operation]:
    """Return the operations that facts tell of, by number."""
    found: dict[str, Operation] = {}
    for fact in facts:
        if not fact.operation:
            continue
        operation = found.setdefault(fact.operation, Operation(fact.operation, fact.kind))
        if fact.step == Step.BEGUN:
            operation.begun = operation.begun or fact
        elif fact.step == Step.DONE:
            operation.done = operation.done or fact
        else:
            operation.failed = operation.failed or fact
        told = operation.done or operation.begun or operation.failed
        operation.amount = told.amount if told else ZERO
    return found


def fold(facts: Iterable[Fact]) -> Totals:
    """Add up facts, in whatever order they come."""
    known = list(facts)
    return _added_up(known, operations(known))


def _added_up(facts: Sequence[Fact], known: Mapping[str, Operation]) -> Totals:
    ended = known.values()
    done, begun, lost, noted, again = (defaultdict[str, Decimal](Decimal) for _kind in range(5))
    for one in ended:
        if one.done:
            done[one.kind] += one.amount
        elif one.failed:
            lost[one.kind] += one.amount
        else:
            begun[one.kind] += one.amount
    for fact in facts:
        if fact.step == Step.NOTED:
            noted[fact.kind] += fact.amount
            if fact.kind == Kind.RETRY:
                again[fact.reference] += fact.amount

    def refused(kind: Kind) -> Decimal:
        return max(ZERO, lost[kind] - again[kind])

    asking = [one for one in ended if one.kind == Kind.AUTHORISE]
    lasts = [fact.expires for fact in facts if fact.step == Step.DONE and fact.expires]
    lapses = [fact.expires for fact in facts if fact.kind == Kind.EXPIRE and fact.expires]
    expires = max(lasts, default=None)
    captured, due = done[Kind.CAPTURE], noted[Kind.DUE] - noted[Kind.LET_GO]
    let_go = any(fact.kind == Kind.LET_GO for fact in facts)
    returns, advanced = _returns(facts, _too_much(captured, due, let_go=let_go))
    return Totals(
        requested=noted[Kind.REQUEST],
        forgone=noted[Kind.ACCEPT],
        authorised=done[Kind.AUTHORISE],
        capturing=begun[Kind.CAPTURE],
        captured=captured,
        capture_refused=refused(Kind.CAPTURE),
        voiding=begun[Kind.VOID],
        voided=done[Kind.VOID],
        void_refused=refused(Kind.VOID),
        refunding=begun[Kind.REFUND],
        refunded=done[Kind.REFUND],
        refund_refused=refused(Kind.REFUND),
        due=due,
        returns=returns,
        advanced=advanced,
        fee=sum((one.done.fee for one in ended if one.kind == Kind.CAPTURE and one.done), ZERO),
        asked=bool(asking),
        failed=bool(asking) and all(one.failed and not one.done for one in asking),
        renewing=any(one.kind == Kind.RENEW and one.open for one in ended),
        renew_refused=refused(Kind.RENEW) > 0,
        let_go=let_go,
        expires=expires,
        expired=expires is not None and any(lapse >= expires for lapse in lapses),
    )


def _too_much(captured: Decimal, due: Decimal, *, let_go: bool) -> Decimal:
    return max(ZERO, captured - due) if let_go else ZERO


def _returns(facts: Iterable[Fact], too_much: Decimal) -> tuple[Decimal, Decimal]:
    """Return what is to be given back, and what of it operators have given already.

    An operator's refund anticipates a document, or what turns out to be too much.
    """
    documents = advanced = ZERO
    for fact in facts:
        if fact.kind == Kind.EXPLAIN:
            advanced -= fact.amount
        elif fact.kind == Kind.RETURN and fact.source == "operator":
            advanced += fact.amount
        elif fact.kind == Kind.RETURN:
            documents += fact.amount
    advanced = max(ZERO, advanced - too_much)
    return documents + advanced, advanced


def unfitting(payment: Payment, fact: Fact) -> str:
    """Say why what the outside tells cannot be true of this payment now; empty when it can.

    It may be true later, when what it follows from has become known.
    """
    t, known = payment.totals, payment.operations.get(fact.operation)
    if known is not None and known.kind != fact.kind:
        return _("{operation} is a {kind} here").format(operation=fact.operation, kind=known.kind)
    if fact.step == Step.FAILED:
        return (
            "" if known is not None else _("{operation} is not known here").format(operation=fact.operation)
        )
    if known is not None and known.begun is not None and not _is_answer(known.begun, fact):
        return _("{operation} was asked for {wanted}, not for {got}").format(
            operation=fact.operation, wanted=known.begun.amount, got=fact.amount
        )
    own = known.amount if known is not None and known.open else ZERO
    room = {
        Kind.AUTHORISE: t.requested + t.voided - t.authorised,
        Kind.RENEW: t.authorised,
        Kind.CAPTURE: t.free + own,
        Kind.VOID: t.free + own,
        Kind.REFUND: t.captured - t.refunded - t.refunding + own,
    }.get(Kind(fact.kind), ZERO)
    if fact.amount <= room:
        return ""
    return _("only {room} is left to {kind} of {payment}").format(
        room=room, kind=fact.kind, payment=payment.number
    )


def _is_answer(begun: Fact, fact: Fact) -> bool:
    """Say whether an amount done answers the amount asked for: less only when holding money."""
    if fact.kind == Kind.AUTHORISE:
        return 0 < fact.amount <= begun.amount
    return fact.amount == begun.amount


def _verb_of(fact: Fact) -> str:
    return "fail" if fact.step == Step.FAILED else {Kind.LET_GO: "void"}.get(Kind(fact.kind), fact.kind)
