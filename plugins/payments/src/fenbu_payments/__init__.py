"""Payments for fenbu: money in motion between the enterprise and its parties, through gateways."""
