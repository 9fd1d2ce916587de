"""The model: the data it reads, its layers, its training, and what its accuracy leaves out."""
