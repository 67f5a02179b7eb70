"""``fenbu demo``: an enterprise that grows one module at a time, made up from a seed, in a fresh folder."""

from __future__ import annotations

from fenbu.cli.demo.command import demo

__all__ = ["demo"]
