"""Keys and what is kept under them: parameters, callables by their source, one thread, edits during a run."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from advlab.edition import EDITION
from advlab.engine.build import program_outputs
from advlab.engine.build.drawing import draw
from advlab.engine.build.plan import definitions
from advlab.engine.cache import source
from advlab.engine.cache.computation import Computation, SourceChanged, canonical, ingredients
from advlab.engine.cache.encoding import Files, digest
from advlab.engine.cache.profile import DRAFT, FULL, STANDARD
from advlab.engine.cache.source import Reached
from advlab.engine.cache.store import Store
from advlab.engine.chapter import Measurement, Table, result_files
from advlab.evaluation import Proportion
from advlab.models import SimpleCNN
from advlab.training import Recipe
from advlab.zoo import distilling, training


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def note(made: list[int]) -> dict[str, bytes]:
    """Makes an entry, and notes how many threads it has for it."""
    made.append(torch.get_num_threads())
    return {"result.json": b"{}"}


def computation(made: list[int], parameter: str = "parameter", maker: Callable[..., Files] = note) -> Computation:
    one = Computation("kind", "name", maker, (made,), {"parameter": parameter})
    vars(one)["reached"] = Reached("")  # a test's own functions lie in no package that is hashed
    return one


def test_it_is_made_once_on_one_thread(store: Store) -> None:
    threads = torch.get_num_threads()
    made: list[int] = []
    torch.set_num_threads(2)
    try:
        first, second = computation(made).get(store), computation(made).get(store)
        assert made == [1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert first.path == second.path
    assert first.meta["seconds"] >= 0


def test_other_ingredients_are_another_entry(store: Store) -> None:
    made: list[int] = []
    computation(made).get(store)
    computation(made, "other parameters").get(store)
    assert len(made) == 2


def test_nothing_is_kept_when_the_source_was_edited_meanwhile(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source.SNAPSHOT, "unchanged", lambda reached: False)
    with pytest.raises(SourceChanged, match="name"):
        computation([]).get(store)
    assert list(store.entries()) == []


def fail(made: list[int]) -> dict[str, bytes]:
    raise RuntimeError("out of memory")


def test_a_failure_keeps_nothing_and_the_next_run_goes_on(store: Store) -> None:
    with pytest.raises(RuntimeError, match="memory"):
        computation([], maker=fail).get(store)
    assert computation([]).find(store) is None
    assert computation([]).get(store) is not None


def test_the_maker_is_part_of_what_is_reached() -> None:
    """Of each kind of computation: an edit of what makes the files is another key."""
    measured = next(one for one in definitions(EDITION) if isinstance(one, Measurement))
    makers = {
        "advlab.zoo:_trained_files": training(Recipe(), 0),
        "advlab.zoo:_distilled_files": distilling(STANDARD),
        "advlab.engine.build.drawing:draw": Computation("figure", "x:y", draw),
        "advlab.engine.snippets:run": program_outputs.output(EDITION, "fgsm/attack.py", STANDARD),
        "advlab.engine.build.program_outputs:executed": program_outputs.notebook(EDITION, STANDARD),
        "advlab.engine.chapter:result_files": measured.computation(STANDARD),
    }
    for maker, made in makers.items():
        assert maker in made.reached.definitions
    assert "advlab.engine.cache.encoding:to_bytes" in measured.computation(STANDARD).reached.definitions


def test_every_field_of_a_recipe_is_in_its_key() -> None:
    base = Recipe()
    others = {
        "architecture": torch.nn.Identity,
        "epochs": base.epochs + 1,
        "batch_size": base.batch_size + 1,
        "learning_rate": base.learning_rate / 2,
        "train_images": 100,
        "test_images": 100,
        "perturb": F.relu,
        "epsilon": 0.1,
        "ramp": 0.5,
        "loss": F.nll_loss,
        "objective": F.relu,
        "clip": 1.0,
    }
    fields = {field.name for field in dataclasses.fields(Recipe)}
    assert fields - set(others) == {"name"}, "a new field needs its line here"
    assert canonical(dataclasses.replace(base, name="other")) == canonical(base)
    keys = {digest(canonical(dataclasses.replace(base, **{name: value}))) for name, value in others.items()}
    keys.add(digest(canonical(base)))
    assert len(keys) == len(others) + 1


def test_a_trainings_key_holds_seed_source_and_data() -> None:
    one, other = training(Recipe(), 0), training(Recipe(), 1)
    assert one.key != other.key
    assert one.key == training(Recipe(), 0).key
    reached = one.reached.definitions
    assert "advlab.models.networks:SimpleCNN" in reached
    assert "advlab.training.loop:train" in reached
    assert any(name.startswith("advlab.data.") for name in reached), "the data's checksums are part of the source"
    assert not any(name.startswith("advlab.attacks") for name in reached), "a clean training reaches no attack"


def test_machine_and_versions_are_ingredients() -> None:
    made_of = ingredients(source.SNAPSHOT.reached("advlab.training:train"), {})
    assert made_of["machine"].keys() >= {"device", "path", "threads", "python", "instructions"}
    assert {"torch", "torchvision", "numpy"} <= made_of["source"]["versions"].keys()


def test_a_class_stands_for_its_source_and_a_foreign_function_for_its_version() -> None:
    assert canonical(SimpleCNN)["source"]["digest"] == source.SNAPSHOT.reached("advlab.models:SimpleCNN").digest
    assert canonical(F.cross_entropy)["versions"]["torch"].startswith("2.")


@pytest.mark.parametrize("value", [lambda x: x, object(), torch.ones(2), {1, 2}])
def test_what_no_key_can_hold_is_refused_by_name(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be part of a key"):
        canonical(value)


def test_nan_is_no_result() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        digest({"accuracy": math.nan})


def test_a_profiles_name_changes_nothing_and_its_sizes_do() -> None:
    assert "name" not in STANDARD.sizes()
    assert len({digest(profile.sizes()) for profile in (DRAFT, STANDARD, FULL)}) == 3


def test_evidence_is_kept_apart() -> None:
    def counts(profile: object) -> dict[str, object]:
        return {"accuracy": Proportion(1, 2).to_json(), "evidence": [{"index": 0}], "adversarial": b"images"}

    files = result_files(counts, DRAFT)
    assert b"index" not in files["result.json"]
    assert b"index" in files["evidence.json"]
    assert files["adversarial.safetensors"] == b"images"
    assert b"images" not in files["result.json"]


def test_a_tables_rows_must_fit_its_header() -> None:
    with pytest.raises(ValueError, match="2 columns"):
        Table(["a", "b"], [["1", "2", "3"]], "caption", "lr")
