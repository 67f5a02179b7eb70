"""What screens are made of; a widget imports textual and plain rows only."""
