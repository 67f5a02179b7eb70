"""What the filter of a tail becomes in SQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from attrs import field, frozen

from fenbu.engine.flows.wanted import Term


@frozen
class Filters:
    """Conditions that grow, with the values that they name."""

    dialect: str
    parts: list[str] = field(factory=lambda: ["1 = 1"])
    values: dict[str, Any] = field(factory=dict)

    @property
    def condition(self) -> str:
        return " AND ".join(self.parts)

    def bind(self, value: Any) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def one_of(self, column: str, texts: Collection[str]) -> None:
        marks = ", ".join(map(self.bind, texts)) or "NULL"
        self.parts.append(f"{column} IN ({marks})")

    def numbers(self, column: str, numbers: Collection[int]) -> str:
        if self.dialect == "sqlite":
            return f"{column} IN (SELECT value FROM json_each({self.bind(json.dumps(sorted(numbers)))}))"
        return f"{column} = ANY({self.bind(sorted(numbers))})"

    def texts(self, term: Term, columns: Sequence[str], *more: str) -> None:
        """Let one of the columns contain a term, or none of them; a key begins with it."""
        pattern = term.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").casefold()
        mark = self.bind(f"{pattern}%" if term.field == "key" else f"%{pattern}%")
        alike = [f"lower(coalesce({column}, '')) LIKE {mark} ESCAPE '\\'" for column in columns]
        joined = " OR ".join([*alike, *more])
        self.parts.append(f"NOT ({joined})" if term.out else f"({joined})")
