"""The closing page: what is special about MNIST, measured, and what that says about the figures of this book."""
