"""The page that runs the article again: published settings measured here (`measure`) and set beside the originals."""
