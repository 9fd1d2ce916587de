"""The page on adversarial training: what is measured (`measure`, `along`), and what is shown of it."""
