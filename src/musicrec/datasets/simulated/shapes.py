"""How much to simulate."""

from __future__ import annotations

from dataclasses import dataclass

NAME = "simulated"
VERSION = "1"  # rises when the same seed gives other data
FULL = 50  # the longest history there is: the source lists each user's fifty most played artists


@dataclass(frozen=True)
class Shape:
    """How much to simulate; by default as much as `lastfm-2k` holds."""

    users: int = 1_892
    artists: int = 17_632
    listens: int = 92_834
    tags: int = 11_946
    tag_assignments: int = 186_479
    friends: int = 25_434  # rows: both directions of each pair
    artists_without_picture: int = 444
    genres: int = 14
    scenes: int = 12  # of each genre

    def __post_init__(self) -> None:
        if self.friends % 2 or self.friends < 2 * self.users:
            raise ValueError(f"friends must be an even number of at least {2 * self.users}, not {self.friends}")
        if not self.artists <= self.listens <= FULL * self.users:
            raise ValueError(f"listens must be between {self.artists} and {FULL * self.users}, not {self.listens}")


SHARE_FULL = 1829 / 1892  # of users with such a history
LAST_USER, LAST_ARTIST, LAST_TAG = 2100 / 1892, 18_745 / 17_632, 12_648 / 11_946  # the highest ids, per row
EXTRA_ARTISTS = 390 / 17_632  # artists that are tagged although nobody listed them, per listed artist
EXTRA_ASSIGNMENTS = 1_538 / 186_479


# The worlds that can be asked for by name. The small one has about a fifth of everything: with so few listeners scores
# say even less, but every chapter runs in little time, which is what it is for.
SHAPES = {
    NAME: Shape(),
    "simulated-small": Shape(400, 3_500, 19_600, 2_530, 39_400, 5_400, 95),
}
