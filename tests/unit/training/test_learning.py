"""Learning: a step lowers the loss, a stop changes nothing, what is exported is what was learnt."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from common.errors import ConfigurationError
from training import exporting, judging
from training.crops import Batch, Crops
from training.learning import Apprentice, Plan
from training.running import Workshop, run
from training.targets import Pair
from worker.bundles.bundle import Bundle
from worker.networks import cel
from worker.networks.toon_unet import Ending

PLAN = Plan(style="ink", teacher="t", seed=3, steps=6, pace=2e-3)
BATCH_PX = 2 * 128**2


def pair(size_px: int, ending: Ending = "sum") -> Pair:
    """Noise, and its negative as the cartoon: easily learnt."""
    photo = np.random.default_rng(size_px).integers(0, 256, (size_px, size_px, 3), np.uint8)
    negative = 255 - photo
    made_of = [negative, negative[..., :1]] if ending == "cel" else []
    return Pair(f"noise-{size_px}", size_px, photo, np.concatenate([negative, *made_of], 2))


@pytest.fixture(scope="module")
def crops() -> Crops:
    return Crops([pair(128), pair(144)], seed=5, batch_px=BATCH_PX)


def apprentice(plan: Plan = PLAN) -> Apprentice:
    return Apprentice(plan, bfloat16=False)


def weights(learner: Apprentice) -> torch.Tensor:
    """All of them in a row, and their running mean behind."""
    both = (*learner.network.parameters(), *learner.average.parameters())
    return torch.cat([tensor.detach().flatten() for tensor in both])


def test_steps_lower_the_loss() -> None:
    photos = torch.rand((2, 3, 64, 64), generator=torch.Generator().manual_seed(1))
    learner = apprentice(Plan("ink", "t", 3, steps=1000, pace=0.1))
    losses = [learner.learn(Batch(photos, photos / 2, 512)) for _ in range(30)]
    assert losses[-1] < 0.7 * losses[0]


def test_one_network_learns_to_draw_by_scale() -> None:
    photos = torch.full((1, 3, 32, 32), 0.5)
    learner = apprentice(Plan("ink", "t", 3, steps=1000, pace=0.1))
    for _ in range(40):
        learner.learn(Batch(photos, photos * 0.6, 512))
        learner.learn(Batch(photos, photos * 1.4, 2048))
    with torch.inference_mode():
        small, large = (learner.network(photos, size).mean().item() for size in (512, 2048))
    assert large - small > 0.1


def test_a_cel_is_learnt_by_its_parts() -> None:
    photos = torch.rand((2, 3, 64, 64), generator=torch.Generator().manual_seed(1))
    paint, line = 0.2 + 0.6 * photos, (photos[:, :1] > 0.5).float()
    lessons = torch.cat((cel.finish(paint, line), paint, line), 1)
    learner = apprentice(Plan("ink", "t", 3, steps=1000, pace=0.03, ending="cel"))
    losses = [learner.learn(Batch(photos, lessons, 512)) for _ in range(30)]
    assert losses[-1] < 0.7 * losses[0]


def test_a_network_begins_with_anothers_weights_as_far_as_they_go() -> None:
    start = apprentice().network
    torch.nn.init.normal_(start.tail.weight)
    begun = Apprentice(replace(PLAN, ending="cel"), start.state_dict(), bfloat16=False).network
    outputs = len(start.tail.weight)
    assert torch.equal(begun.head.weight, start.head.weight)
    assert torch.equal(begun.tail.weight[:outputs], start.tail.weight)
    assert not begun.tail.weight[outputs:].any()


def test_going_on_after_a_stop_is_the_same_as_no_stop(crops: Crops, tmp_path: Path) -> None:
    whole, stopped, resumed = apprentice(), apprentice(), apprentice()
    for step in range(4):
        whole.learn(crops.batch(step))
    for step in range(2):
        stopped.learn(crops.batch(step))
    stopped.save(tmp_path / "checkpoint.pt")
    resumed.resume(tmp_path / "checkpoint.pt")
    for step in range(resumed.step, 4):
        resumed.learn(crops.batch(step))
    assert torch.equal(weights(resumed), weights(whole))
    assert not torch.equal(weights(resumed), weights(stopped))


def test_a_checkpoint_of_another_teacher_is_refused(tmp_path: Path) -> None:
    apprentice().save(tmp_path / "checkpoint.pt")
    other = apprentice(Plan("ink", "another", 3, 6, 2e-3))
    with pytest.raises(ConfigurationError, match="belongs to"):
        other.resume(tmp_path / "checkpoint.pt")


def test_the_pace_rises_stays_and_falls() -> None:
    plan = Plan("ink", "t", 1, steps=10_000, pace=1.0)
    assert plan.pace_at(0) < plan.pace_at(50) < plan.pace_at(5000) == 1.0
    assert 0 < plan.pace_at(9_999) < plan.pace_at(8_000) < 1.0


def test_batches_come_again_for_the_same_seed_and_step() -> None:
    pairs = [pair(256), pair(384)]
    one, again = Crops(pairs, 7).batch(3), Crops(pairs, 7).batch(3)
    assert torch.equal(one.photos, again.photos)
    assert torch.equal(one.photos + one.lessons, torch.ones_like(one.photos))  # cut alike
    assert not torch.equal(one.photos, Crops(pairs, 8).batch(3).photos[: len(one.photos)])
    assert not torch.equal(one.photos[:1], Crops(pairs, 7).batch(4).photos[:1])


@pytest.mark.parametrize("ending", ["sum", "cel"])
def test_a_run_ends_in_a_bundle_that_reads_back(ending: Ending, tmp_path: Path) -> None:
    pairs = [pair(side, ending) for side in (128, 144)]
    crops = Crops(pairs, seed=5, batch_px=BATCH_PX)
    learner = apprentice(replace(PLAN, ending=ending))
    workshop, said = Workshop(tmp_path / "run"), list[str]()
    run(learner, crops, [pair(128)], workshop, said.append)
    assert workshop.picture(PLAN.steps).exists()
    assert any("step 6/6" in line for line in said)

    folder = tmp_path / "ink"
    exporting.export("ink", workshop.checkpoint, folder)
    bundle = Bundle.open(folder)
    bundle.verify()
    assert bundle.manifest.ending == ending
    assert bundle.manifest.name == json.loads((folder / "model.json").read_text())["name"] == "ink"
    photo = pair(384).photo
    drawn = judging.draw(exporting.load(folder), photo)
    learnt = judging.draw(learner.average, photo)
    assert np.abs(drawn.astype(int) - learnt).max() <= 2  # what float16 costs


def test_a_checkpoint_becomes_no_other_style(crops: Crops, tmp_path: Path) -> None:
    apprentice().save(tmp_path / "checkpoint.pt")
    with pytest.raises(ConfigurationError, match="not 'pencil'"):
        exporting.export("pencil", tmp_path / "checkpoint.pt", tmp_path / "pencil")
