"""Work: what was done in a measurement of the stages, and with which parameters."""

from dataclasses import dataclass, field

STRENGTH = 0.7
QUALITY = 92


@dataclass(slots=True)
class Work:
    """What was done in a measurement.

    Attributes:
        photos: How many.
        wall_s: How long it took.
        cpu_s: CPU seconds of each stage; of all together for `Way.ENGINE`.
        stage_wall_s: Duration of each stage, summed over the photos; serial only.
    """

    photos: int
    wall_s: float
    cpu_s: dict[str, float] = field(default_factory=dict)
    stage_wall_s: dict[str, float] = field(default_factory=dict)

    @property
    def cpu_s_each(self) -> float:
        """CPU seconds for one photo."""
        return sum(self.cpu_s.values()) / self.photos

    @property
    def photos_per_s(self) -> float:
        """Photos a second as it ran."""
        return self.photos / self.wall_s
