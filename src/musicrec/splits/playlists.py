"""Songs of playlists held out."""

from __future__ import annotations

from musicrec.datasets.interactions import Interactions
from musicrec.splits.by_user import Split, split_by_user

TEST_SHARE, VALID_SHARE, LEAST = 0.3, 0.2, 20


# ---- What is held out, and how a list is measured


def hold_out(playlists: Interactions, seed: int, *, least: int = LEAST) -> Split:
    """Hold out 30 % of the songs of each playlist with at least `least` of them, and 20 % to choose settings on.

    A smaller playlist is wholly in training.

    Raises
    ------
    ValueError
        When no playlist is large enough.
    """
    if not (playlists.history_sizes() >= least).any():
        raise ValueError(
            f"too small to split: the longest playlist has {playlists.history_sizes().max(initial=0)} songs, and "
            f"songs are held out from {least} on"
        )
    split = split_by_user(playlists, seed, valid=VALID_SHARE, test=TEST_SHARE)
    large = playlists.history_sizes() >= least
    parts = {}
    train = split.train
    for name in ("valid", "test"):
        part: Interactions = getattr(split, name)
        in_large = large[part.coordinates()[0]]
        parts[name] = part.select(in_large)
        train = train + part.select(~in_large)
    return Split(train=train, valid=parts["valid"], test=parts["test"], seed=seed)


CANDIDATES, SONGS = 1000, 50  # of the original: retrieved, and written to the playlist
