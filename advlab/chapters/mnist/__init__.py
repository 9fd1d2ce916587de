"""The closing page: how MNIST is unlike other data, measured on the data (`measure`), drawn and claimed."""
