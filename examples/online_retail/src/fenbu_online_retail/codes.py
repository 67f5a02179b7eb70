"""Codes of the source: which are no articles, and what both readers call what they have made known."""

from __future__ import annotations

CURRENCY = "GBP"
SERVICES = frozenset(
    ("AMAZONFEE", "B", "BANK CHARGES", "C2", "CRUK", "D", "DOT", "M", "PADS", "POST", "S", "m")
)
"""Codes that are no articles: postage, manual charges, discounts, fees, samples."""
VOUCHER = "gift_"


def is_service(code: str) -> bool:
    """Say whether a code is no article, so that nobody stocks it."""
    return code in SERVICES or code.startswith(VOUCHER)


def item_known(code: str) -> str:
    """Return the word under which an article is known to a run."""
    return f"item {code}"
