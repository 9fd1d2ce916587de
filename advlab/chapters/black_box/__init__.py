"""The page on black-box attacks: without the weights, by queries (`queries`) and by transfer (`between`)."""
