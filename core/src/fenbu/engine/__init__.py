"""The machine that runs modules; none of them imports it."""
