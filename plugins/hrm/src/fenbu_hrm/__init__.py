"""Human resources for fenbu: people at work, their history, leave and pay."""
