"""The page that runs the article again: settings that others published, measured (`measure`), and set beside theirs."""
