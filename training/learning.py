"""Learning: steps of a network towards its teacher, and the state that a run can go on from."""

from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch.nn import functional

from common.errors import ConfigurationError
from training.crops import Batch
from worker.networks import cel
from worker.networks.toon_unet import Ending, ToonUNet

WARM_STEPS: Final = 100
CALM_SHARE: Final = 0.5  # of all steps, at the end: the pace falls to nought
AVERAGE_KEEP: Final = 0.998  # what the running mean of the weights keeps at each step
# Weight of paint and line beside the cartoon that is made of them: they show the way, and what an
# error in them costs is the cartoon's to say.
PARTS: Final = 0.3
LARGEST_NORM: Final = 1.0  # of the gradient: one strange batch must not undo a hundred
EDGES: Final = 0.5  # weight of the differences between neighbours: lines stay sharp
# Weight of squares. Absolute differences alone leave out what is rare and not quite certain, and a
# line is both; from an error of 1/8 on squares pull harder.
SQUARES: Final = 4.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides a run, beside the pairs.

    Attributes:
        style: Which style is learnt.
        teacher: Digest of the teacher.
        seed: Of first weights and batches.
        steps: How many; the pace falls over the last of them, so more may be given to a run that
            has not got there.
        pace: Learning rate at its highest.
        ending: Of the network.
    """

    style: str
    teacher: str
    seed: int
    steps: int
    pace: float
    ending: Ending = "sum"

    def pace_at(self, step: int) -> float:
        """Learning rate of a step: a short rise, a plateau, a straight fall."""
        rise = min(1.0, (step + 1) / WARM_STEPS)
        fall = (self.steps - step) / max(1.0, CALM_SHARE * self.steps)
        return self.pace * min(rise, 1.0, fall)


def channels_last(network: ToonUNet) -> ToonUNet:
    """Lay a network's weights out as its pictures are: the channels of a pixel side by side."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack it
    return network


def loss_of(cartoons: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Differences of pixels, absolute and squared, and of their neighbours' steps.

    Args:
        cartoons: float [N, 3, H, W], what the network draws.
        targets: float [N, 3, H, W], what the teacher drew.
    """
    across = functional.l1_loss(cartoons.diff(dim=-1), targets.diff(dim=-1))
    down = functional.l1_loss(cartoons.diff(dim=-2), targets.diff(dim=-2))
    squares = SQUARES * functional.mse_loss(cartoons, targets)
    return functional.l1_loss(cartoons, targets) + EDGES * (across + down) + squares


def begin(network: ToonUNet, start: dict[str, torch.Tensor]) -> None:
    """Give a network the weights of another, as far as their last layers go along.

    Args:
        network: Fresh.
        start: Weights of a network of either ending.
    """
    own = network.state_dict()
    for name, tensor in start.items():
        shared = tuple(map(slice, map(min, own[name].shape, tensor.shape)))
        own[name][shared] = tensor[shared]


class Apprentice:
    """A network on its way: weights, their running mean, and the optimiser's memory.

    Args:
        plan: What decides the run.
        start: Weights to begin with; fresh ones from the seed when None.
        bfloat16: Whether convolutions may run in bfloat16: faster where the CPU has it. Weights
            and sums stay float32.
    """

    def __init__(
        self, plan: Plan, start: dict[str, torch.Tensor] | None = None, *, bfloat16: bool
    ) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.step = plan, 0
        self._bfloat16 = bfloat16
        self.network = channels_last(ToonUNet(plan.ending))
        if start:
            begin(self.network, start)
        self.average = deepcopy(self.network).eval()
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), betas=(0.9, 0.99), weight_decay=1e-4
        )

    def learn(self, batch: Batch) -> float:
        """Take one step.

        Returns:
            The loss before it.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = self.plan.pace_at(self.step)
        photos = batch.photos.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat16):
            added = self.network.added(photos, batch.long_side_px)
        loss = self._loss(photos, added.float(), batch.lessons)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's stubs lack it
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_NORM)
        self._optimiser.step()
        self.step += 1
        self._follow()
        return loss.item()

    def _loss(
        self, photos: torch.Tensor, added: torch.Tensor, lessons: torch.Tensor
    ) -> torch.Tensor:
        """The loss of the cartoons, and of their parts where the ending has them."""
        if self.plan.ending == "sum":
            # Not clipped: beyond white and black there must still be a slope to come back on.
            return loss_of(photos + added, lessons)
        paint, line = photos + added[:, :3], added[:, 3:]
        parts = loss_of(torch.cat((paint, line), 1), lessons[:, 3:])
        return loss_of(cel.finish(paint, line), lessons[:, :3]) + PARTS * parts

    @torch.no_grad()
    def _follow(self) -> None:
        """Let the new weights into the running mean; at first it follows more quickly."""
        keep = min(AVERAGE_KEEP, (self.step + 1) / (self.step + 10))
        for mean, new in zip(self.average.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(new, 1 - keep)

    def save(self, path: Path) -> None:
        """Write all that a later run needs to go on as if there had been no stop."""
        state = {
            "plan": asdict(self.plan),
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        torch.save(state, partial)
        partial.rename(path)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint.

        Raises:
            ConfigurationError: It belongs to another style, teacher or seed.
        """
        state: dict[str, Any] = torch.load(path, weights_only=True)
        saved = Plan(**state["plan"])
        ours = (self.plan.style, self.plan.teacher, self.plan.seed)
        if (saved.style, saved.teacher, saved.seed) != ours:
            raise ConfigurationError(
                f"{path} belongs to {saved}, not to {self.plan}: move it away, or name its seed."
            )
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
