# --8<-- [start:log]
import hashlib
import json
from datetime import UTC, datetime

import torch

from advlab.defenses import judged


def digest(*tensors):
    """A checksum of their bytes: the same input, or the same model, has the same one."""
    found = hashlib.sha256()
    for tensor in tensors:
        found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


class Logged:
    """Answers as the model does, and writes a line of JSON about each answer."""

    def __init__(self, detector, file, limit):
        self.detector, self.file, self.limit = detector, file, limit
        self.model = digest(*detector.state_dict().values())

    def __call__(self, images, sender):
        logits, scores = judged(self.detector, images)
        for image, one, score in zip(images, logits, scores, strict=True):
            sure, classes = one.double().softmax(0).topk(2)
            line = {"time": datetime.now(UTC).isoformat(), "sender": sender}
            line |= {"input": digest(image), "model": self.model}
            line |= {"answer": int(classes[0]), "second": int(classes[1]), "confidence": float(sure[0])}
            line |= {"margin": float(one[classes[0]] - one[classes[1]]), "largest logit": float(one.max())}
            line |= {"detector": float(score), "flagged": bool(score > self.limit)}
            print(json.dumps(line), file=self.file)
        return logits.argmax(1)


# --8<-- [end:log]

# --8<-- [start:use]
import io

from advlab import trained
from advlab.data import subset
from advlab.defenses import Consistency, MedianFilter, threshold

test = subset(300)
guarded = Consistency(trained("standard"), [MedianFilter(3)])
limit = threshold(judged(guarded, test.images[100:])[1], false_positives=0.05)

file = io.StringIO()  # in practice a file that is opened to append
answer = Logged(guarded, file, limit)
answer(torch.cat([test.images[:2], test.images[:1]]), sender="till 7")

lines = [json.loads(line) for line in file.getvalue().splitlines()]
print("lines:", len(lines))
print("the image that came twice is seen to:", lines[0]["input"] == lines[2]["input"] != lines[1]["input"])
print(", ".join(lines[0]))
# --8<-- [end:use]
