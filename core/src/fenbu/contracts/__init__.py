"""What the domains say to each other: one file a domain, with its events and its hook specifications.

A module imports these and never another module. Quantities are in the item's unit of measure with four
decimals; amounts are in the named currency with at most four decimals, rounded to its minor unit;
``day`` is the business date in the enterprise's time zone. Every event about an order has the order's
number as key, whoever publishes it.
"""

CONTRACTS = tuple(f"{__name__}.{domain}" for domain in ("module", "erp", "crm", "scm", "hrm", "payments"))
"""The files of the domains that come with the kernel; modules bring their own."""
