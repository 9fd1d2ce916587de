"""The site around the pages: the MkDocs plugin, formulas, the notebook, styles and scripts."""
