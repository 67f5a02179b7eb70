"""The guard: who acts, whether they may, what is written down of it, and what code must not do."""
