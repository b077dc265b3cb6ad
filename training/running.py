"""A training run: steps, words about them, checkpoints and pictures, until its end or Ctrl-C."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from training.crops import Crops
from training.judging import judge, show
from training.learning import Apprentice
from training.targets import Pair

SAY_EACH: Final = 100  # steps
SAVE_EACH: Final = 200
JUDGE_EACH: Final = 500
WATCHED: Final = 4  # photos that are judged while it runs


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where a run keeps its things.

    Attributes:
        folder: Of the run.
    """

    folder: Path

    @property
    def checkpoint(self) -> Path:
        """All that a later run needs to go on."""
        return self.folder / "checkpoint.pt"

    def picture(self, step: int) -> Path:
        """Photo, teacher and network side by side."""
        return self.folder / f"step-{step:06d}.png"


def run(
    apprentice: Apprentice,
    crops: Crops,
    watched: Sequence[Pair],
    workshop: Workshop,
    say: Callable[[str], None],
) -> None:
    """Carry a run to its last step; safe to stop at any time, also by SIGSTOP.

    Args:
        apprentice: Fresh or resumed.
        crops: Its batches.
        watched: Unseen pairs that are drawn and judged now and then.
        workshop: Where checkpoints and pictures go.
        say: Told how it goes, line by line.
    """
    losses: list[float] = []
    began_s, began_step = time.monotonic(), apprentice.step
    while apprentice.step < apprentice.plan.steps:
        losses.append(apprentice.learn(crops.batch(apprentice.step)))
        step, steps = apprentice.step, apprentice.plan.steps
        if step % SAY_EACH == 0 or step == steps:
            each_s = (time.monotonic() - began_s) / (step - began_step)
            left_min = each_s * (steps - step) / 60
            mean = float(np.mean(losses))
            say(f"step {step}/{steps}  loss {mean:.4f}  {each_s:.2f} s each, {left_min:.0f} min")
            losses.clear()
        if step % SAVE_EACH == 0 or step == steps:
            apprentice.save(workshop.checkpoint)
        if step % JUDGE_EACH == 0 or step == steps:
            verdicts = judge(apprentice.average, watched)
            say("  unseen: " + ", ".join(f"{v.name} {v.psnr_db:.2f} dB" for v in verdicts))
            show(apprentice.average, watched, workshop.picture(step))
