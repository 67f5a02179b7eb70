"""Supply chain for fenbu: places and pieces, what is promised, what has left, what came back."""
