"""``python -m fenbu_payments.sandbox FILE [--port N] [--secret env:NAME]``: serve the sandbox until stopped."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fenbu.settings import reveal
from fenbu_payments.gateways.sandbox import UNSIGNED
from fenbu_payments.sandbox.server import Server


def main() -> None:
    """Print the address in one line, then serve."""
    parser = argparse.ArgumentParser(prog="python -m fenbu_payments.sandbox", description=__doc__)
    parser.add_argument("file", type=Path, help="where it keeps its record")
    parser.add_argument("--port", type=int, default=0, help="any free one unless given")
    parser.add_argument(
        "--secret", default="", help="reference of the merchant's secret: env:NAME, file:PATH"
    )
    parser.add_argument("--patience", type=float, default=35.0, help="seconds by which a lost answer is late")
    options = parser.parse_args()
    with Server(
        options.file, port=options.port, key=reveal(options.secret) or UNSIGNED, patience=options.patience
    ) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
