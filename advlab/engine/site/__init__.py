"""The site round the pages: MkDocs' plugin, formulas, the notebook, styles and scripts."""
