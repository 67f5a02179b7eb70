"""The catalogue: which modules there are, and what is known of them.

`discovery` finds them by name, `loading` imports a manifest and survives whatever it does, `reference`
imports what a manifest names, `resolver` says what needs what, `snapshot` keeps what must be known of a module
when its package is gone, `states` is the table of states, and `catalog` puts all of it together for one moment:
`modules`, each a line of the table that operators see.
"""
