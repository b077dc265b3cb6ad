"""What callers submit: photos whose colour is their number, so that each picture can be told. Pure.

A submission asks for one picture, however many requests it takes to be accepted.
"""

import random
from dataclasses import dataclass, field

from tests.support.photos import flat_photo
from tests.support.styles import BLUE

SIZES_PX = (64, 96, 128, 192, 256)
# Steps of 3 between colours: a picture is told from its neighbours' though encoders may err by one.
STEP, LEVELS, DARKEST = 3, 60, 30
LEAST_BLUE = 90  # keeps off the colours that have a meaning to the tests' styles
LONG_SHARE = 0.8

Colour = tuple[int, int, int]


@dataclass
class Submission:
    """A submission and what became of it.

    Attributes:
        key: Its idempotency key.
        caller: Who submits.
        style: The style asked for.
        colour: The photo's colour; its picture is the inverse.
        size_px: The photo's sides.
        due_s: When it is first sent, seconds from the start.
        is_repeated: Whether it is sent again after it was accepted.
        job_ids: Jobs it was answered with; more than one is a fault of the service's.
        refusals: How often it was refused or cut off before it was accepted, by status or error.
        surprises: Answers that no good service gives.
    """

    key: str
    caller: str
    style: str
    colour: Colour
    size_px: int
    due_s: float
    is_repeated: bool = False
    job_ids: set[str] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)

    @property
    def photo(self) -> bytes:
        """The photo's bytes, the same each time."""
        return flat_photo(self.colour, size=(self.size_px, self.size_px))

    @property
    def picture_colour(self) -> Colour:
        """The colour of the finished picture."""
        red, green, blue = self.colour
        return (255 - red, 255 - green, 255 - blue)


def colour_of(number: int) -> Colour:
    """Return the colour of a number; different ones for the first 200,000."""
    rest, red = divmod(number, LEVELS)
    blue, green = divmod(rest, LEVELS)
    return (DARKEST + STEP * red, DARKEST + STEP * green, LEAST_BLUE + STEP * blue)


def stream(seed: int, callers: list[str], count: int, length_s: float) -> list[Submission]:
    """Return a run's single submissions, spread over its length, in the order of their times."""
    draws = random.Random(f"{seed} submissions")  # noqa: S311 - repeatable, no secrets
    return [
        Submission(
            key=f"{seed}-{number}",
            caller=draws.choice(callers),
            style="long" if draws.random() < LONG_SHARE else "marked",
            colour=colour_of(number),
            size_px=draws.choice(SIZES_PX),
            due_s=number * length_s / count,
            is_repeated=draws.random() < 0.1,
        )
        for number in range(count)
    ]


def flood(seed: int, caller: str, count: int) -> list[Submission]:
    """Return submissions of one and the same photo, which waits at the tests' gate."""
    return [
        Submission(f"{seed}-same-{number}", caller, "marked", BLUE, 128, due_s=0.0)
        for number in range(count)
    ]
