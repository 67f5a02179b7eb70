"""Flows: how facts travel from the transaction that made them true to everybody who wants them.

- `log` writes events with their deliveries, and cancels timers; `timers` lets them ring; `quota` limits what a module
  may publish. `pending` holds back what a transaction writes last, so that all works in it write it together.
- `subscriptions` lets a module's subscriptions begin, stop, gather for later or be dropped.
- `delivery` delivers a `batch` in one transaction: lock, fetch, handle, acknowledge; `retry` and `blocked` say what
  happens to what failed and to what waits behind it; `breaker`, `deadline` and `marker` guard against handlers
  that always fail, never end or kill the process.
- `history` lets a late subscription read what it missed; `admin` is what operators do.
- `calls` records operations on the outside; a `caller` makes them with no transaction open.
- `look` says what is due, `worker` does it, `housekeeping` is its sign of life; `map`, `books` and `standing` tell how
  it all stands.

Nothing here knows modules or works: the kernel hands in `records.BoundSubscription` and `records.BoundCall`, whose
functions take what is pending of a transaction, and its connection with that.

Invariants, each with a test of its name:

- an event exists if and only if the change that caused it was committed;
- for each event and subscription the handler's effects happen once, or the delivery is visible;
- the events of one key reach a subscription in the order of their transactions;
- by subscription: done + waiting + scheduled + held + dead + skipped + unread = published + replayed.
"""
