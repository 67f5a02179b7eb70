"""The terminal UI of fenbu: which modules are on, what flows between them, what needs a hand.

`app` opens it, `places` says which screens there are, `screens` are its pages (one a file), `widgets` what they are
made of; `world` says what the screens ask, and `gateway` alone answers from the engine. `keys` and `signs` are data.
Its texts in other languages lie in `locale/`, and answer from here on.
"""

from pathlib import Path

from fenbu.i18n import add_catalogue

add_catalogue(Path(__file__).parent / "locale")
