"""The cache of results: each is stored under a key made of everything that can change it."""
