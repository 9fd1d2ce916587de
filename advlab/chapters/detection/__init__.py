"""The page on detection: five detectors (`detectors`), what is measured of them, and what is drawn and claimed."""
