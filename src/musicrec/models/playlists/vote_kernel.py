"""The inner loop of the neighbourhood systems, compiled: playlists that share tracks, and the tracks they vote for."""

from __future__ import annotations

import numpy as np

from musicrec.compiling import compiled


@compiled
def votes(  # type: ignore[no-untyped-def]
    starts, seeds, weights, track_starts, track_lists, list_starts, list_tracks, list_scale, track_scale,
    reach, n_neighbours, amplify, k
):  # fmt: skip
    """Return the k tracks with most votes of the playlists nearest to each playlist.

    Nothing is done for a playlist or a track that no seed leads to: the work is that of the entries touched.

    Parameters
    ----------
    starts, seeds : numpy.ndarray
        `indptr` and `indices` of what is asked, a CSR matrix of shape (n, n_tracks).
    weights : numpy.ndarray, shape (n_tracks,)
        float32, what a shared track counts.
    track_starts, track_lists : numpy.ndarray
        `indptr` and `indices` of the playlists of each track: the inverted index.
    list_starts, list_tracks : numpy.ndarray
        The same of the tracks of each playlist.
    list_scale, track_scale : numpy.ndarray, shape (n_playlists,), (n_tracks,)
        float32, by which similarities and votes are multiplied.
    reach : int
        How many playlists of one seed are looked at, at most; evenly spaced where there are more.
    n_neighbours : int
        How many playlists vote; ties at the border in the order in which seeds lead to them.
    amplify : float
        To which power a similarity is raised.
    k : int
        How many tracks.

    Returns
    -------
    ids, scores : numpy.ndarray, shape (n, k)
        int64 and float32, none of the seeds; -1 and -inf where there are no more. Of equal ones the lower track.
    """
    n, n_lists, n_tracks = len(starts) - 1, len(list_scale), len(track_scale)
    ids = np.full((n, k), -1, np.int64)
    best = np.full((n, k), -np.inf, np.float32)
    shared, near = np.zeros(n_lists, np.float32), np.empty(n_lists, np.int64)
    voted, found = np.zeros(n_tracks, np.float32), np.empty(n_tracks, np.int64)
    for row in range(n):
        n_near = 0
        for place in range(starts[row], starts[row + 1]):
            track = seeds[place]
            first, there = track_starts[track], track_starts[track + 1] - track_starts[track]
            looked = min(there, reach)
            for step in range(looked):
                other = track_lists[first + step * there // looked]
                if shared[other] == 0:
                    near[n_near] = other
                    n_near += 1
                shared[other] += weights[track]
        values = np.empty(n_near, np.float32)
        for place in range(n_near):
            values[place] = shared[near[place]] * list_scale[near[place]]
            shared[near[place]] = 0
        border, at_border = np.float32(0), n_near
        if n_near > n_neighbours:
            border = np.partition(values, n_near - n_neighbours)[n_near - n_neighbours]
            at_border = n_neighbours - np.sum(values > border)
        n_found = 0
        for place in range(n_near):
            if values[place] < border:
                continue
            if values[place] == border and n_near > n_neighbours:
                if at_border == 0:
                    continue
                at_border -= 1
            vote = values[place] ** amplify
            for entry in range(list_starts[near[place]], list_starts[near[place] + 1]):
                track = list_tracks[entry]
                if voted[track] == 0:
                    found[n_found] = track
                    n_found += 1
                voted[track] += vote
        for place in range(starts[row], starts[row + 1]):
            voted[seeds[place]] = 0
        tracks = found[:n_found]
        totals = np.empty(n_found, np.float32)
        for place in range(n_found):
            totals[place] = voted[tracks[place]] * track_scale[tracks[place]]
            voted[tracks[place]] = 0
        kept = tracks.copy()
        if n_found > k:
            border = np.partition(totals, n_found - k)[n_found - k]
            reached = totals >= border
            kept, totals = kept[reached], totals[reached]
        order = np.argsort(kept)
        order = order[np.argsort(-totals[order], kind="mergesort")]
        for place in range(min(k, len(order))):
            if totals[order[place]] <= 0:  # a seed; all others have votes
                break
            ids[row, place], best[row, place] = kept[order[place]], totals[order[place]]
    return ids, best
