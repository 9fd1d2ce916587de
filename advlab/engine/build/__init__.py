"""The build: plan what a book needs, compute it in parallel, and record where the results are stored."""
