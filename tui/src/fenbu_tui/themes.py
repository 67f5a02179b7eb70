"""Themes that ``T`` goes through; Textual's own are in the palette."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="fenbu-dark",
    primary="#4f8a8b",
    secondary="#7aa5a6",
    accent="#e8b04b",
    success="#7fb069",
    warning="#e8b04b",
    error="#e5675d",
    foreground="#dfe3e0",
    background="#14191b",
    surface="#1b2224",
    panel="#263033",
    dark=True,
)
LIGHT = Theme(
    name="fenbu-light",
    primary="#2f6b6c",
    secondary="#4f8a8b",
    accent="#8a5a00",
    success="#2f6b1f",
    warning="#8a5a00",
    error="#a8201a",
    foreground="#1d2325",
    background="#f6f4ee",
    surface="#eeebe2",
    panel="#e0dccf",
    dark=False,
)
CONTRAST = Theme(
    name="fenbu-contrast",
    primary="#00d7ff",
    secondary="#00d7ff",
    accent="#ffd700",
    success="#5fff5f",
    warning="#ffd700",
    error="#ff8787",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#303030",
    dark=True,
)
THEMES = (DARK, LIGHT, CONTRAST)


def after(name: str) -> str:
    """Return the name of the next theme; the first one follows a theme that is none of ours."""
    names = [theme.name for theme in THEMES]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
