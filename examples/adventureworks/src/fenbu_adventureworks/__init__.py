"""AdventureWorks for fenbu: an outsider's importer of people."""
