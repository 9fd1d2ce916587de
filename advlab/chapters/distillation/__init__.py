"""The page on defensive distillation: what is measured, the attack of its authors (`saliency`), what is drawn."""
