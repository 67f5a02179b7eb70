"""The gateway: the one folder that knows the engine, and turns what it says into rows; one file a screen.

`base` opens the kernel and tells when something has changed, each other file answers one screen's protocol,
and `engine` mixes them into `EngineWorld`.
"""
