import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

PIPELINES = Path(__file__).with_name("pipelines.py")
IMAGES, THREADS, ROUNDS = 6400, 2, 5


def seconds(pipeline):
    command = [sys.executable, str(PIPELINES), pipeline, str(IMAGES), str(THREADS)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.benchmark
def test_training_beside_the_articles_pipeline(record):
    """Turn by turn, each in a fresh process, on the same number of threads; medians."""
    rounds = [(seconds("article"), seconds("advlab")) for _ in range(ROUNDS)]
    article, ours = (median(times) for times in zip(*rounds, strict=True))
    record["training"] = {
        "images": IMAGES,
        "threads": THREADS,
        "rounds": ROUNDS,
        "article_images_per_second": IMAGES / article,
        "advlab_images_per_second": IMAGES / ours,
        "ratio": article / ours,
    }
