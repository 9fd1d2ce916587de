"""What each page measures and draws: one module or package a page, named after it."""
