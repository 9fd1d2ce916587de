"""Training a model by a recipe that can be hashed: the loop, and images drawn anew for it."""

from advlab.training.loop import Epoch, Recipe, Step, Training, check_recipe, set_memory_format, train, training_steps

__all__ = ["Epoch", "Recipe", "Step", "Training", "check_recipe", "set_memory_format", "train", "training_steps"]
