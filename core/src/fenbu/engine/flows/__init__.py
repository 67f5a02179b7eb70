"""Flows: how facts travel from the transaction that made them true to everybody who wants them.

- `log` writes events with their deliveries, and cancels timers; `timers` lets them ring.
- `subscriptions` lets a module's subscriptions begin, stop, gather for later or be dropped.
- `delivery` takes a batch, handles it and acknowledges it in one transaction; `retry` and `blocked` say what
  happens to what failed and to what waits behind it; `breaker`, `deadline` and `marker` guard against handlers
  that always fail, never end or kill the process.
- `history` lets a late subscription read what it missed; `admin` is what operators do.
- `calls` records operations on the outside and makes them with no transaction open.
- `worker` runs all this; `map` and `books` tell how it stands.

Nothing here knows modules or works: the kernel hands in `records.BoundSubscription` and
`records.BoundCall`, whose functions take a connection.

Invariants, each with a test of its name:

- an event exists if and only if the change that caused it was committed;
- for each event and subscription the handler's effects happen once, or the delivery is visible;
- the events of one key reach a subscription in the order of their transactions;
- by subscription: done + waiting + scheduled + held + dead + skipped + unread = published + replayed.
"""
