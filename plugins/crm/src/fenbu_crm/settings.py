"""Settings of customer relations; each has a default, so that the module works before anybody has set anything."""

from __future__ import annotations

from pydantic import Field

from fenbu.settings import Settings


class CrmSettings(Settings):
    """How this enterprise cares for its customers."""

    answer_hours: int = Field(
        24, ge=1, le=24 * 90, description="Hours within which somebody who asks is to have an answer"
    )
