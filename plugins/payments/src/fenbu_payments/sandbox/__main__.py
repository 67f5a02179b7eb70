"""``python -m fenbu_payments.sandbox FILE``: serve the sandbox until stopped.

With ``--fail WHAT[:KIND]`` it is told instead to let the next operation, or the next of a kind, fail.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fenbu.settings import reveal
from fenbu_payments.errors import SandboxDiffers
from fenbu_payments.sandbox import UNSIGNED
from fenbu_payments.sandbox.bank import FAILURES, Bank
from fenbu_payments.sandbox.server import Server


def main() -> None:
    """Declare a failure, or print the address in one line and serve."""
    parser = argparse.ArgumentParser(prog="python -m fenbu_payments.sandbox", description=__doc__)
    parser.add_argument("file", type=Path, help="where it keeps its record")
    parser.add_argument("--port", type=int, default=0, help="any free one unless given")
    parser.add_argument(
        "--secret", default="", help="reference of the merchant's secret: env:NAME, file:PATH"
    )
    parser.add_argument("--patience", type=float, default=35.0, help="seconds by which a lost answer is late")
    parser.add_argument(
        "--fail", metavar="WHAT[:KIND]", help=f"serve nothing; {', '.join(FAILURES)}: decline:authorise"
    )
    options = parser.parse_args()
    if options.fail:
        _declare(parser, options.file, options.fail)
        return
    try:
        served = Server(
            options.file, port=options.port, key=reveal(options.secret) or UNSIGNED, patience=options.patience
        )
    except SandboxDiffers as error:
        parser.error(f"{error}: {error.hint}")
    with served as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _declare(parser: argparse.ArgumentParser, file: Path, failure: str) -> None:
    what, _colon, kind = failure.partition(":")
    try:
        with Bank(file) as bank:
            bank.fail(what, kind=kind)
    except SandboxDiffers as error:
        parser.error(f"{error}: {error.hint}")
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
