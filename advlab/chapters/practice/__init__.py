"""The page on practice: what is watched (`measure`), who may release what (`release`), what is drawn and claimed."""
