"""Rollout: an enterprise's whole plan in one reviewed file, stage by stage.

`file` reads and checks the file alone, `fitting` compares it with the modules that are installed, `writing`
changes one value and leaves every other byte as it is, `templates` are good files to begin with.
"""
