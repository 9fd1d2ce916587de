from advlab.training import Recipe, train

recipe = Recipe(epochs=2, batch_size=50, train_images=1000, test_images=200)
training = train(recipe, seed=0)

for row in training.history:
    loss, tested = row["loss"], row["test_accuracy"]
    print(f"epoch {row['epoch']}: loss {loss:.1f}, test accuracy {tested:.1f}")
