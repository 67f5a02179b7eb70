"""What flows refuse.

::

    FenbuError
    ├── ChainTooDeep         an event caused an event caused an event …: a loop
    ├── TooManyEvents        a module publishes more than its share
    ├── HiddenError          a handler went on after an error of the database, in a transaction that was lost
    ├── HandlerTooSlow       a handler held its transaction longer than allowed
    ├── PublishedTogether    what handles a batch together has published; the batch is handled one by one
    └── Refused
        ├── NoSuchDelivery   nothing of this subscription and number is in the state that the verb needs
        ├── NoSuchSubscription
        ├── NoSuchCall       no call with this key waits for a person
        ├── NoSuchEvent      the log has no event of this number
        ├── NoSuchState      a filter asks for a state in which no delivery and no call ever is
        ├── NotReplayable    running its handler again on purpose would do harm
        └── StillWaiting     a subscription cannot be drained: deliveries are not done
"""

from __future__ import annotations

from attrs import field, frozen

from fenbu.errors import FenbuError, Refused
from fenbu.i18n import _


class Again(Exception):
    """What a worker knows is out of date (the set of modules has changed): look again and begin anew."""


class Overtaken(Exception):
    """Somebody else has changed a delivery in hand; the transaction is rolled back and nothing is counted."""


@frozen(eq=False)
class ChainTooDeep(FenbuError):
    """An event would be the end of too long a chain of causes."""

    module: str
    topic: str
    depth: int
    limit: int

    def __str__(self) -> str:
        return _(
            "{module} publishes {topic} as number {depth} of a chain of events; {limit} are allowed"
        ).format(module=self.module, topic=self.topic, depth=self.depth, limit=self.limit)

    @property
    def hint(self) -> str:
        return _(
            "two subscriptions answer each other for ever: let one of them look whether anything changed"
        )


@frozen(eq=False)
class TooManyEvents(FenbuError):
    """A module publishes more events than its share."""

    module: str
    count: int
    limit: int
    span: str
    """``transaction`` or ``minute``."""

    def __str__(self) -> str:
        spans = {"transaction": _("in one transaction"), "minute": _("in one minute")}
        return _("{module} publishes {count} events {span}; {limit} are allowed").format(
            module=self.module, count=self.count, span=spans[self.span], limit=self.limit
        )

    @property
    def hint(self) -> str:
        return _("divide the work into smaller transactions, or find out what publishes in a loop")


@frozen(eq=False)
class HandlerTooSlow(FenbuError):
    """A handler held its transaction longer than allowed; nothing of it was kept."""

    seconds: float = field(default=5.0)

    def __str__(self) -> str:
        return _("the handler took more than {seconds} seconds").format(seconds=f"{self.seconds:g}")

    @property
    def hint(self) -> str:
        return _("a handler writes a few rows; long work belongs in several events or in a call")


@frozen(eq=False)
class PublishedTogether(FenbuError):
    """What handles a whole batch has published: none of the batch could be named as the cause."""

    subscription: str

    def __str__(self) -> str:
        return _("{subscription} publishes where it handles a batch together").format(
            subscription=self.subscription
        )

    @property
    def hint(self) -> str:
        return _("publish in the handler of one event, and leave together out")


@frozen(eq=False)
class HiddenError(FenbuError):
    """A handler caught an error of the database and went on; PostgreSQL had given its transaction up."""

    def __str__(self) -> str:
        return _("the handler went on after an error of the database")

    @property
    def hint(self) -> str:
        return _("let the error pass, or look before you write instead of catching what the database refuses")


@frozen(eq=False)
class NoSuchSubscription(Refused):
    """There is no subscription of this name."""

    exit_code = 64
    name: str

    def __str__(self) -> str:
        return _("there is no subscription {name}").format(name=self.name)

    @property
    def hint(self) -> str:
        return _("fenbu flows list shows them")


@frozen(eq=False)
class NoSuchDelivery(Refused):
    """No delivery of this subscription and event is in the state that the verb needs."""

    subscription: str
    seq: int

    def __str__(self) -> str:
        return _("event {seq} is neither dead nor failing in {subscription}").format(
            seq=self.seq, subscription=self.subscription
        )

    @property
    def hint(self) -> str:
        return _("fenbu flows dead lists what waits for a person")


@frozen(eq=False)
class NoSuchCall(Refused):
    """No call with this key is dead or unknown."""

    id: str

    def __str__(self) -> str:
        return _("no call with the key {id} waits for a person").format(id=self.id)

    @property
    def hint(self) -> str:
        return _("fenbu flows dead lists what waits for a person")


@frozen(eq=False)
class NotReplayable(Refused):
    """The subscription does not say that running its handler again does no harm."""

    subscription: str

    def __str__(self) -> str:
        return _(
            "{subscription} is not replayable: handling its events again would change the books twice"
        ).format(subscription=self.subscription)

    @property
    def hint(self) -> str:
        return _("retry single dead deliveries instead, or correct by an action")


@frozen(eq=False)
class StillWaiting(Refused):
    """Deliveries wait that should have been finished."""

    module: str
    count: int

    def __str__(self) -> str:
        return _("{count} deliveries of {module} are not done").format(count=self.count, module=self.module)

    @property
    def hint(self) -> str:
        return _("let a worker finish them (fenbu worker), or park or waive them")


@frozen(eq=False)
class NoSuchEvent(Refused):
    """The log has no event of this number."""

    seq: int

    def __str__(self) -> str:
        return _("there is no event {seq}").format(seq=self.seq)

    @property
    def hint(self) -> str:
        return _("fenbu show fenbu.events lists the newest")


@frozen(eq=False)
class NoSuchState(Refused):
    """A filter asks for a state in which no delivery and no call ever is."""

    got: str
    states: tuple[str, ...]
    call_states: tuple[str, ...]

    def __str__(self) -> str:
        return _("nothing is ever in the state {got!r}").format(got=self.got)

    @property
    def hint(self) -> str:
        return _("deliveries are {states}; calls are {call_states}").format(
            states=", ".join(self.states), call_states=", ".join(self.call_states)
        )
