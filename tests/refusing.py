"""What is refused, as a table: an action with an input, the sentence that the operator reads, what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import MetaData, text

from fenbu.engine.kernel import Kernel
from fenbu.errors import Refused

Case = tuple[str, Mapping[str, Any], str, str]
"""Action without its module, input, pattern of the sentence with the way out, a part of the way out."""


def done_or_said_otherwise(perform: Callable[..., object], cases: Iterable[Case]) -> list[str]:
    """Perform each action and tell of those that were done, or were refused in other words."""
    wrong = []
    for action, values, sentence, way_out in cases:
        try:
            perform(action, **values)
        except Refused as refused:
            told = f"{refused} ({refused.hint})"
            if not re.search(sentence, told, re.IGNORECASE) or way_out not in refused.hint:
                wrong.append(f"{action} {values}: {told}")
        else:
            wrong.append(f"{action} {values} was done")
    return wrong


def written(kernel: Kernel, tables: MetaData, *others: str) -> dict[str, int]:
    """Count the rows of every table of a module, the events, and other tables that are named."""
    names = [*sorted(tables.tables), "fenbu_event", *others]
    with kernel.database.read() as connection:
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}
