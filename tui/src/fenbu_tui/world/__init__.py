"""What the screens ask of the world: frozen rows, and protocols that `gateway` fulfils; one file a screen.

A screen names the smallest protocol that serves it. Rows arrive ready to be shown: texts translated, states
with their sign and tone, so that no screen has a rule of its own. `whole` joins all protocols.
"""
