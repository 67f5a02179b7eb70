"""Changing which modules take part: enabling, upgrading, disabling, and what becomes of it afterwards.

- `enable` makes tables, seeds, begins subscriptions and stores the snapshot; `upgrade` does it for newer code.
- `disable` shows what waits and finishes, keeps or waives it; a module that is gone is disabled from its snapshot.
- `purge` takes a disabled module's data into an archive and `unarchive` brings them back; `headers` say what an
  archive is of, `belongings` is what the kernel kept for the module.
- `settle` moves a module on that has caught up or drained.
- `actions`, `archives` and `copies` declare all of it as actions of the module ``fenbu``.

All of them run in a transaction that holds the catalogue lock exclusively (`Kernel.run(…, exclusive=True)`), so no
other work is in hand while the set of modules changes. They read modules through ``work.transaction.assembly.catalog``
and move the catalogue's generation; the caller commits and assembles anew.
"""
