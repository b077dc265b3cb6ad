"""Event streams: what is sent when, with a clock that the test moves."""

from collections.abc import Iterator

from api.jobs.event_stream import HEARTBEAT, HEARTBEAT_S, Snapshot, events


class Film:
    """Looks at a job, each some seconds after the one before."""

    def __init__(self, *looks: tuple[float, str]) -> None:
        self._looks = looks
        self.now_s = 100.0

    def clock(self) -> float:
        return self.now_s

    def __iter__(self) -> Iterator[Snapshot]:
        for later_s, state in self._looks:
            self.now_s += later_s
            yield Snapshot(state, f'{{"state": "{state}"}}')


def sent(*looks: tuple[float, str]) -> list[bytes]:
    """What is sent after these looks."""
    film = Film(*looks)
    return list(events(film, clock=film.clock))


def test_an_event_is_a_snapshot_and_its_name() -> None:
    assert sent((0, "a")) == [b'id: a\ndata: {"state": "a"}\n\n']


def test_nothing_is_sent_twice() -> None:
    found = sent((0, "a"), (1, "a"), (1, "b"), (1, "b"), (1, "a"))

    assert [event.split()[1] for event in found] == [b"a", b"b", b"a"]


def test_silence_is_broken_by_comments() -> None:
    almost, rest = HEARTBEAT_S - 1, 1.0

    assert sent((0, "a"), (almost, "a"), (rest, "a"), (almost, "a"), (rest, "a"))[1:] == [
        HEARTBEAT,
        HEARTBEAT,
    ]


def test_an_event_breaks_the_silence_too() -> None:
    assert HEARTBEAT not in sent((0, "a"), (HEARTBEAT_S - 1, "b"), (HEARTBEAT_S - 1, "b"))
