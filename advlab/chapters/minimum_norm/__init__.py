"""The page on attacks of minimum norm: how far is the nearest error? Measured (`measure`, `theory`) and drawn."""
