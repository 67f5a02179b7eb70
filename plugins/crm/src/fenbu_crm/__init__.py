"""Customer relations for fenbu: people, their history, what they may owe, what they ask for."""
