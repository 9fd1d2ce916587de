# --8<-- [start:read]
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

rows, labels = load_breast_cancer(return_X_y=True)  # 0 is malignant, 1 benign
parts = train_test_split(rows, labels, stratify=labels, random_state=0)
train, test, of_train, of_test = parts
low, high = train.min(axis=0), train.max(axis=0)
train, test = (train - low) / (high - low), (test - low) / (high - low)
reader = LogisticRegression(max_iter=2000).fit(train, of_train)
print("right, more than nine in ten:", reader.score(test, of_test) > 0.9)
# --8<-- [end:read]

# --8<-- [start:attack]
import numpy as np

weight = reader.coef_[0]  # towards benign
ill = test[of_test == 0]
caught = ill[reader.predict(ill) == 0]
for epsilon in (0.1, 0.2):
    changed = caught + epsilon * np.sign(weight)  # a line's worst case
    lead = reader.decision_function(changed) - reader.decision_function(caught)
    assert np.allclose(lead, epsilon * np.abs(weight).sum())
    missed = np.mean(reader.predict(changed) == 1)
    print(f"moved by {epsilon}, more than a third missed:", missed > 1 / 3)
# --8<-- [end:attack]
