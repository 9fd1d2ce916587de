from advlab import trained
from advlab.data import subset
from advlab.defenses import certified

test = subset(100)
for name in ("standard", "certified"):
    model = trained(name)
    for epsilon in (0.01, 0.1):
        proved = certified(model, test.images, test.labels, epsilon)
        print(f"{name}, epsilon {epsilon:g}: {int(proved.sum())} of {len(proved)} proved")
