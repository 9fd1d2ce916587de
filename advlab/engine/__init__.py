"""The engine that builds a book of measurements; it knows no attack, network or page of this particular book."""
