"""Exact values of business: money, quantities, rounding, moments.

Amounts are ``Decimal`` in Python and scaled integers in the store (`fenbu.column_types`). Rounding happens
here and nowhere else, by currency, with the rule named.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal, InvalidOperation
from enum import StrEnum

from attrs import field, frozen

from fenbu.i18n import _, written

MONEY_SCALE = 4
"""Decimals the store keeps of an amount; enough for every currency of ISO 4217."""
QUANTITY_SCALE = 4
"""Decimals the store keeps of a quantity, in the item's unit of measure."""
PRICE_SCALE = 6
"""Decimals the store keeps of a unit price."""
RATE_SCALE = 8
"""Decimals the store keeps of a rate: tax, exchange."""

STORE_MAXIMUM = 2**63 - 1

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WIDE = Context(prec=60)
"""Rounds the product of any two numbers that can be kept; whether it can be kept is the store's question."""

_MINOR_UNITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"), 0),
    **dict.fromkeys(("UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


MASK = "***"
"""Stands for what is not shown: a secret, what tells of a person."""


class Personal:
    """Marker for ``Annotated``: the value tells of a person, so it is masked, exported and erased by subject."""


class Rounding(StrEnum):
    """Named rules of rounding an amount to a currency's minor unit."""

    HALF_UP = "half_up"
    """Half away from zero: the rule of most commercial invoices."""
    HALF_EVEN = "half_even"
    """Half to the even neighbour: banker's rounding."""
    DOWN = "down"
    UP = "up"


_RULES = {
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.DOWN: ROUND_DOWN,
    Rounding.UP: ROUND_UP,
}


def minor_units(currency: str) -> int:
    """Return how many decimals a currency's minor unit has.

    Source: ISO 4217, column "minor unit"; two where the table says nothing else.
    """
    return _MINOR_UNITS.get(currency, 2)


def is_currency(code: str) -> bool:
    """Say whether this looks like an ISO 4217 code: three capital Latin letters."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


def round_amount(amount: Decimal, currency: str, rule: Rounding = Rounding.HALF_UP) -> Decimal:
    """Round an amount to the minor unit of its currency; the only place where money is rounded."""
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), _RULES[rule], _WIDE)


def plain(number: Decimal) -> str:
    """Return a number as people write it: without exponent, and without noughts that say nothing."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def padded(number: Decimal, places: int) -> Decimal:
    """Return the same number with at least so many decimals, and never fewer than it needs."""
    least = number.normalize(_WIDE)
    exponent = least.as_tuple().exponent
    have = -exponent if isinstance(exponent, int) else 0
    return number.quantize(Decimal(1).scaleb(-max(have, places)), context=_WIDE)


def readable(number: Decimal, places: int = 0) -> str:
    """Return a number for people: exact, with at least so many decimals, as their language has it: ``1,234.5``."""
    return written(padded(number, places))


def readable_money(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency for people: exact, as their language has it: ``1,234.50 GBP``."""
    return written(padded(amount, minor_units(currency)), currency)


def exact_decimal(value: object, scale: int) -> Decimal:
    """Return a finite Decimal with at most ``scale`` decimals that the store can hold.

    Args:
        value: Decimal, int or text; never float, whose digits are not what was written.
        scale: Decimals allowed.

    Raises:
        ValueError: It is no number, not finite, has more decimals or is too large; the text says which.
    """
    if isinstance(value, bool | float) or not isinstance(value, Decimal | int | str):
        raise ValueError(
            _("a number is wanted, written as text or integer, got {value!r}").format(value=value)
        )
    try:
        if isinstance(value, str) and ("_" in value or not value.isascii()):
            raise InvalidOperation  # Python reads 1_0 and the digits of every script; a typed amount has neither
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(_("a number is wanted, got {value!r}").format(value=value)) from None
    if not number.is_finite():
        raise ValueError(_("a finite number is wanted, got {value}").format(value=value))
    if number.adjusted() > 18:
        raise ValueError(_("{value} is larger than can be kept").format(value=value))
    if number != 0 and number.as_tuple().exponent < -scale and number % Decimal(1).scaleb(-scale) != 0:  # type: ignore[operator]
        raise ValueError(_("{value} has more than {scale} decimals").format(value=value, scale=scale))
    if abs(number.scaleb(scale)) > STORE_MAXIMUM:
        raise ValueError(_("{value} is larger than can be kept").format(value=value))
    return number


def allocate(amount: Decimal, weights: Iterable[Decimal], currency: str) -> list[Decimal]:
    """Split an amount by weights so that the parts add up to it to the minor unit.

    The remainder goes to the parts with the largest lost fraction, first come first (largest remainder).
    """
    shares = list(weights)
    total = sum(shares, Decimal(0))
    if total == 0:
        raise ValueError(_("nothing can be split by weights that add up to zero"))
    unit = Decimal(1).scaleb(-minor_units(currency))
    exact = [amount * share / total for share in shares]
    parts = [part.quantize(unit, rounding=ROUND_DOWN) for part in exact]
    missing = int((amount - sum(parts, Decimal(0))) / unit)
    step = unit if missing > 0 else -unit
    order = sorted(range(len(parts)), key=lambda i: abs(exact[i] - parts[i]), reverse=True)
    for index in order[: abs(missing)]:
        parts[index] += step
    return parts


def _exact_money(value: object) -> Decimal:
    return exact_decimal(value, MONEY_SCALE)


def _currency_code(_self: object, _attribute: object, value: str) -> None:
    if not is_currency(value):
        raise ValueError(
            _("a currency is three capital letters (ISO 4217), got {value!r}").format(value=value)
        )


@frozen(order=False)
class Money:
    """An amount in one currency; arithmetic between currencies is refused."""

    amount: Decimal = field(converter=_exact_money)
    currency: str = field(validator=_currency_code)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.amount:.{minor_units(self.currency)}f} {self.currency}"

    def times(self, factor: Decimal, rule: Rounding = Rounding.HALF_UP) -> Money:
        """Multiply and round to the currency's minor unit."""
        return Money(round_amount(self.amount * factor, self.currency, rule), self.currency)

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(_("{one} and {other} cannot be added or compared").format(one=self, other=other))
        return other.amount


def line_amount(
    quantity: Decimal, unit_price: Decimal, currency: str, rule: Rounding = Rounding.HALF_UP
) -> Decimal:
    """Return a document line's amount: quantity × unit price, rounded once, per line."""
    return round_amount(quantity * unit_price, currency, rule)


def document_number(prefix: str, count: int) -> str:
    """Return the number by which people know a document, ``SO-00000123``: eight digits, so that it sorts as text."""
    return f"{prefix}-{count:08d}"


def to_microseconds(moment: datetime) -> int:
    """Return a moment as integer microseconds since 1970, UTC; a time without zone is refused."""
    if moment.tzinfo is None:
        raise ValueError(f"a time with its zone is wanted, got {moment.isoformat()} without one")
    return (moment - EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """Return the moment of integer microseconds since 1970 as aware datetime in UTC."""
    return EPOCH + timedelta(microseconds=value)
