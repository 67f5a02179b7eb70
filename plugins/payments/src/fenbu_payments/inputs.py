"""Types of fields that inputs of payments share, beside those of `fenbu.inputs`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from fenbu.inputs import CurrencyOrEmpty

Reference = Annotated[str, StringConstraints(max_length=200)]
CurrencyOrNone = Annotated[CurrencyOrEmpty, Field(description="empty: the enterprise's own")]
