"""Bring the translations of all distributions up to date: `python -m tools.messages` (`make messages`).

Each distribution keeps its own ``locale/`` inside its package, `.po` and compiled `.mo` alike, so that setting up needs
no further step and every wheel has them. A test holds code and catalogues together. The words to use stand in
`docs/languages.md`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fenbu.testing.messages import bring_up_to_date
from tools.constraints import members

LANGUAGE = "zh_CN"


def packages() -> list[Path]:
    """List the folders of the packages that the distributions of this repository bring."""
    return [
        folder for member in members() for folder in sorted((member / "src").iterdir()) if folder.is_dir()
    ]


if __name__ == "__main__":
    sys.exit(bring_up_to_date(packages(), LANGUAGE))
