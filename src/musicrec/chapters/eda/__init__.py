"""What chapter 01 asks of the data before any model."""

from musicrec.chapters.eda.measures import explained_variance, friend_overlap
from musicrec.chapters.eda.reported import (
    artists_by_listeners,
    compare,
    most_common_artists,
    most_used_tags,
    play_counts,
    ratings,
    sizes,
    tags_by_uses,
    verdict,
)
from musicrec.chapters.eda.songs import between_genres, genre_profile, hear_genres, song_table, songs_by_genre
from musicrec.chapters.eda.unseen import (
    busy_and_quiet,
    gap,
    list_lengths,
    plays,
    popularity_curve,
    shared_with_friends,
    tag_table,
    tags,
    tail,
    whose_plays,
)

__all__ = [
    "artists_by_listeners",
    "between_genres",
    "busy_and_quiet",
    "compare",
    "explained_variance",
    "friend_overlap",
    "gap",
    "genre_profile",
    "hear_genres",
    "list_lengths",
    "most_common_artists",
    "most_used_tags",
    "play_counts",
    "plays",
    "popularity_curve",
    "ratings",
    "shared_with_friends",
    "sizes",
    "song_table",
    "songs_by_genre",
    "tag_table",
    "tags",
    "tags_by_uses",
    "tail",
    "verdict",
    "whose_plays",
]
