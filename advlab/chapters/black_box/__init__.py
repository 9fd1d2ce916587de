"""The page on black-box attacks, which do without the weights: by queries (`queries`) and by transfer (`between`)."""
