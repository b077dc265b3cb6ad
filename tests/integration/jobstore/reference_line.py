"""Start-time fair queueing as the textbook has it: the order the job store's line must show.

Source: P. Goyal, H. M. Vin, H. Cheng, "Start-time Fair Queuing", SIGCOMM 1996, with the virtual
time kept when the line is empty. Pure: no Redis, no clock.
"""

from dataclasses import dataclass, field


@dataclass
class FairLine:
    """Virtual time, and the finish tag of each flow's last render."""

    time: float = 0.0
    finish: dict[str, float] = field(default_factory=dict)
    arrivals: int = 0

    def start_tag(self, flow: str) -> float:
        """The tag that the flow's next render gets."""
        return max(self.time, self.finish.get(flow, 0.0))

    def arrive(self, flow: str, work_px: int, weight: float) -> tuple[float, int]:
        """Charge a render to its flow; answers its tag and its arrival number."""
        tag = self.start_tag(flow)
        self.finish[flow] = tag + work_px / 1e6 / weight
        self.arrivals += 1
        return tag, self.arrivals

    def serve(self, tag: float) -> None:
        """A render with this tag begins service."""
        self.time = max(self.time, tag)
