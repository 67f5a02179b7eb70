"""Changing which modules take part: enabling, upgrading, disabling, and what becomes of it afterwards.

- `enable` makes tables, seeds, begins subscriptions and stores the snapshot; `upgrade` does it for newer code.
- `disable` shows what waits and finishes, keeps or waives it; a module that is gone is disabled from its snapshot.
- `settle` moves a module on that has caught up or drained.
- `actions` declares all of it as actions of the module ``fenbu``.

All of them run in a transaction that holds the catalogue lock exclusively (`Kernel.run(…, exclusive=True)`), so no
other work is in hand while the set of modules changes. They read modules through ``work.transaction.assembly.catalog``
and move the catalogue's generation; the caller commits and assembles anew.
"""
