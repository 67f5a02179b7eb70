"""Online Retail for fenbu: an outsider's importer."""
