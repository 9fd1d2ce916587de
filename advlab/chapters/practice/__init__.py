"""The page on practice: what is monitored (`measure`), release thresholds (`release`), what is drawn and claimed."""
