"""The teachers of `pencil` and `watercolour`: what makes each look what it is."""

import pytest
import torch

from worker.styles.ink_filter import InkFilter
from worker.styles.pencil_filter import PencilFilter
from worker.styles.picture_filter import PictureFilter
from worker.styles.watercolour_filter import WatercolourFilter

SIDE_PX = 96
TEACHERS = (PencilFilter, WatercolourFilter)


def square(ground: tuple[int, int, int], shape: tuple[int, int, int]) -> torch.Tensor:
    """A square in the middle of a ground, uint8 [1, 3, SIDE_PX, SIDE_PX]."""
    photo = torch.tensor(ground).view(1, 3, 1, 1).repeat(1, 1, SIDE_PX, SIDE_PX)
    photo[..., 24:72, 24:72] = torch.tensor(shape).view(1, 3, 1, 1)
    return photo.to(torch.uint8)


def drawn(teacher: PictureFilter, photos: torch.Tensor) -> torch.Tensor:
    """What a teacher makes of photos, as float."""
    return teacher.forward(photos, 512).float()


def test_each_teacher_has_a_name_and_a_version_of_its_own() -> None:
    cards = [teacher().card for teacher in (InkFilter, *TEACHERS)]
    assert len({card.name for card in cards}) == len({card.model_digest for card in cards}) == 3


@pytest.mark.parametrize("teacher", TEACHERS)
def test_a_picture_of_a_batch_equals_the_picture_alone(
    teacher: type[PencilFilter | WatercolourFilter],
) -> None:
    photos = torch.cat((square((200, 180, 160), (40, 60, 90)), square((10, 10, 10), (90, 9, 9))))
    together, alone = drawn(teacher(), photos), drawn(teacher(), photos[1:])
    assert (together[1:] - alone).abs().max() <= 1


def test_pencil_has_no_colour_but_that_of_the_paper() -> None:
    drawing = drawn(PencilFilter(), square((40, 160, 60), (200, 40, 40)))
    red, green, blue = drawing.unbind(1)
    assert (red - green).abs().max() <= 8
    assert (green - blue).abs().max() <= 10


def test_pencil_leaves_light_ground_to_the_paper_and_draws_edges() -> None:
    drawing = drawn(PencilFilter(), square((235, 235, 235), (120, 120, 120)))[0].mean(0)
    assert drawing[4:12, 4:12].min() > 215
    edge, inside = drawing[48, 22:30].min(), drawing[48, 48]
    assert edge < inside - 20


def test_washes_are_lighter_than_the_photo_and_darker_at_their_rims() -> None:
    photo = square((250, 250, 250), (60, 90, 150))
    painting = drawn(WatercolourFilter(), photo)[0].mean(0)
    inside = painting[44:52, 44:52].mean()
    assert inside > photo[0, :, 48, 48].float().mean() + 15
    assert painting[48, 25:31].min() < inside - 5
    assert painting[4:12, 4:12].min() > 245  # bare paper
