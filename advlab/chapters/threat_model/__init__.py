"""The page on threat models: what attacks need, found by withholding it."""
