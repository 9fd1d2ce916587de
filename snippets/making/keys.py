from advlab import zoo
from advlab.engine.cache import profile

training = zoo.training(zoo.for_profile(zoo.STANDARD, profile.current()))
for part, content in training.made_of.items():
    print(f"{part}: {', '.join(content)}")
print("code of:", ", ".join(sorted(training.reached.modules)))
