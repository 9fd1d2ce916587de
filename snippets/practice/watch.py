# --8<-- [start:fit]
import torch

from advlab import trained
from advlab.data import subset
from advlab.evaluation import logits
from advlab.monitoring import DriftMonitor, calibration_error, confidences, fit_temperature

test = subset(4000)
order = torch.randperm(4000, generator=torch.Generator().manual_seed(0))  # the file begins with harder images
images, labels = test.images[order], test.labels[order]
answers = logits(trained("standard"), images)
right = answers.argmax(1) == labels

temperature = fit_temperature(answers[:2000], labels[:2000])
before = calibration_error(confidences(answers[2000:]), right[2000:])
after = calibration_error(confidences(answers[2000:], temperature), right[2000:])
print(f"temperature {temperature:.2f}; calibration error {before:.4f} before, {after:.4f} after")
# --8<-- [end:fit]

# --8<-- [start:drift]
from advlab.attacks import fgsm

monitor = DriftMonitor(confidences(answers[:2000]), false_alarms=0.01)
window = images[2000:2100].clone()
print("clean window, alarm:", monitor.alarm(confidences(logits(trained("standard"), window))))

window[:50] = fgsm(trained("standard"), window[:50], labels[2000:2050], 0.2)
print("half of it under FGSM, alarm:", monitor.alarm(confidences(logits(trained("standard"), window))))
# --8<-- [end:drift]
