"""What several pages' chapters use."""
