"""``fenbu demo``: an enterprise from its first order to its ledger, made up from a seed, in a fresh folder."""

from __future__ import annotations

from fenbu.cli.demo.command import demo

__all__ = ["demo"]
