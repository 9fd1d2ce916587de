import pytest
import torch

from advlab.attacks import fgsm
from advlab.data import subset
from advlab.training import memory


@pytest.fixture(params=[1, 2])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.benchmark
def test_adversarial_examples_a_second(benchmark, record, trained, threads):
    """FGSM at eps .1 on 1,000 test images, checks and all."""
    memory.keep_freed_blocks()
    digits = subset(1000)
    benchmark.pedantic(fgsm, (trained, digits.images, digits.labels, 0.1), rounds=7, warmup_rounds=1)
    if benchmark.stats is not None:  # absent under --benchmark-disable
        record[f"fgsm_{threads}_threads"] = {
            "images": len(digits),
            "threads": threads,
            "rounds": 7,
            "images_per_second": len(digits) / benchmark.stats.stats.median,
        }
