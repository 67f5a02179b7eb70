"""Names that readers and flows share; codes that are no articles; what both readers call what they have made known."""

from __future__ import annotations

CURRENCY = "GBP"
CHANNEL = "online_retail"
"""How the orders of the file came."""
KEEPS_PROMISES, TAKES_MONEY = "stock.reservation", "payment.authorisation"
"""Capabilities of modules for which an order waits before its goods leave."""
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
