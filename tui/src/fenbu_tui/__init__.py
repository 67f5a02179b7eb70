"""The terminal UI of fenbu: which modules are on, what flows between them, what needs a hand.

`app` opens it, `places` says which screens there are, `screens` are its pages (one a file), `widgets` what they are
made of; `world` says what the screens ask, and `gateway` alone answers from the engine. `keys` and `signs` are data.
"""
