"""The ground that every test of this repository stands on.

The databases come from `fenbu.testing`, the plugin that authors of modules use too: `database_url` gives a fresh one
of each kind, `database_copy(name, build)` a copy of one that was built once.
"""
