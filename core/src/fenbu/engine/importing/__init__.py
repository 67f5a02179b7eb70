"""Importing: a file from outside becomes actions, document by document, each exactly once.

`source` reads records (`sqlite_file` those of a database; `opening` knows which), `columns` fills an importer's
fields, `documents` gathers rows with one reference, `rejects` keeps what could not be imported, `references` knows
what was, `run` does it all and `report` tells.
"""
