"""Stages: what is kept of a rollout, and the verbs on it that are acts of their own.

- `records` reads and writes runs with their journal, files, approvals and overrides.
- `lock` lets one apply or roll back at a time, and knows a holder whose process has died.
- `actions` declare approving, overriding and unlocking as actions of the module ``fenbu``.

What a file says, and what follows from it, is known above the kernel, in `engine/rollout`; here a stage is a name with
the digest of what a file says of it.
"""
