"""Finding faces with a synthetic detector: what it is shown, and where its answers lead."""

import torch

from worker.dctnet.faces import LANDMARKS, find_faces

MEAN = [123.0, 116.0, 103.0]


class Detector:
    """Answers what it was told to; keeps what it was shown."""

    def __init__(self, *boxes: tuple[float, float, float, float, float]) -> None:
        self.answer = torch.tensor(boxes).reshape(-1, 5)
        self.shown: list[torch.Tensor] = []

    def __call__(self, letterbox: torch.Tensor) -> torch.Tensor:
        """Answer."""
        self.shown.append(letterbox)
        return self.answer


class Landmarks:
    """Answers the middle of the crop for all landmarks; keeps what it was shown."""

    def __init__(self, x: float = 0.5, y: float = 0.5) -> None:
        self.answer = torch.tensor([x, y]).expand(LANDMARKS, 2)
        self.shown: list[torch.Tensor] = []

    def __call__(self, crop: torch.Tensor) -> torch.Tensor:
        """Answer."""
        self.shown.append(crop)
        return self.answer


def blue(height: int, width: int) -> torch.Tensor:
    """A blue picture, float32 [3, height, width]."""
    return torch.tensor([0.0, 0.0, 255.0]).view(3, 1, 1).expand(3, height, width)


def test_a_detector_sees_the_picture_in_a_box_of_512() -> None:
    detector = Detector()

    assert find_faces(blue(300, 1024), detector, Landmarks()) == []

    (shown,) = detector.shown
    assert shown.shape == (512, 512, 3)
    assert shown[149, 511].tolist() == [0, 0, 255]
    assert shown[150, 511].tolist() == MEAN


def test_a_face_is_shown_in_its_middle_and_its_landmarks_come_back_in_pixels() -> None:
    picture = blue(512, 1024).clone()
    picture[:, 188:196, 444:452] = torch.tensor([255.0, 0.0, 0.0]).view(3, 1, 1)
    # Of the 1024 of the letterbox: rows 128 to 256, columns 384 to 512. Width 128, half a crop 89.
    detector = Detector((128 / 1024, 384 / 1024, 256 / 1024, 512 / 1024, 0.9))
    landmarks = Landmarks(0.25, 0.75)

    (found,) = find_faces(picture, detector, landmarks)

    (shown,) = landmarks.shown
    assert shown.shape == (160, 160, 3)
    assert shown[80, 80].tolist() == [255, 0, 0]
    assert shown[20, 20].tolist() == [0, 0, 255]
    # Columns 359 to 537 and rows 103 to 281 are shown: 359 + 44.5 and 103 + 133.5, cut.
    assert found.shape == (LANDMARKS, 2)
    assert found[0].tolist() == [403, 236]


def test_what_lies_beyond_the_picture_is_of_the_mean_colour() -> None:
    detector, landmarks = Detector((0, 0, 0.25, 0.25, 0.9)), Landmarks()

    find_faces(blue(800, 800), detector, landmarks)

    assert landmarks.shown[0][5, 5].tolist() == MEAN
    assert landmarks.shown[0][80, 80].tolist() == [0, 0, 255]


def test_only_sure_and_large_faces_count_the_largest_first_and_at_most_ten() -> None:
    def box(row: float, side: float, score: float) -> tuple[float, float, float, float, float]:
        return (row, 0.0, row + side, side, score)

    unsure, small, middle, large = (
        box(0.1, 0.9, 0.79),
        box(0.1, 0.059, 0.99),  # 59 pixels
        box(0.2, 0.2, 0.81),
        box(0.3, 0.4, 0.81),
    )
    faces = find_faces(blue(1000, 1000), Detector(unsure, small, middle, large), Landmarks())
    assert [face[0, 1].item() for face in faces] == [500, 300]

    crowd = [box(n / 100, 0.1 + n / 1000, 0.9) for n in range(12)]
    landmarks = Landmarks()
    assert len(find_faces(blue(1000, 1000), Detector(*crowd), landmarks)) == 10
