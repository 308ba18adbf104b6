"""Slices as they occur: as published, and in every other way people have them."""

import json

import msgspec
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicrec.histories.containers import HistoryError
from musicrec.playlists import parse as slice_parser
from musicrec.playlists.parse import parse, parse_in_batches
from musicrec.playlists.simulated import as_slice, block

WHOLE = as_slice(block(0, 4, 1), "0-3")
PLAYLISTS = WHOLE["playlists"]


def packed(content: object) -> bytes:
    return msgspec.json.encode(content)


@pytest.mark.parametrize(
    "raw",
    [
        packed(WHOLE),
        msgspec.json.format(packed(WHOLE), indent=4),
        b"\xef\xbb\xbf" + packed(WHOLE),
        json.dumps(WHOLE).encode("utf-16"),
        packed(PLAYLISTS),
        pd.DataFrame(PLAYLISTS).to_json(orient="records").encode(),
        pd.DataFrame(PLAYLISTS).to_json(orient="columns").encode(),
        pd.DataFrame(PLAYLISTS).to_json(orient="index").encode(),
        pd.DataFrame(PLAYLISTS).to_json(orient="records", lines=True).encode(),
        pd.DataFrame(PLAYLISTS).to_json(orient="split").encode(),
        pd.DataFrame(PLAYLISTS).to_json(orient="table").encode(),
        pd.json_normalize(PLAYLISTS, "tracks", ["pid", "name", "modified_at"]).to_json(orient="records").encode(),
        pd.json_normalize(PLAYLISTS, "tracks", ["pid", "name"]).to_json(orient="columns").encode(),
        pd.json_normalize(PLAYLISTS, "tracks", ["pid", "name"]).to_json(orient="records", lines=True).encode(),
        json.dumps({"playlists": [{**each, "num_followers": float("nan")} for each in PLAYLISTS]}).encode(),
        packed({"playlists": [{**each, "modified_at": float(each["modified_at"])} for each in PLAYLISTS]}),
        packed({"playlists": [{**each, "pid": str(each["pid"])} for each in PLAYLISTS]}),
    ],
)
def test_all_ways_to_write_a_slice_hold_the_same_playlists(raw: bytes):
    playlists, problems, _ = parse(raw)
    assert [(p.pid, p.name, [t.track_uri for t in p.tracks]) for p in playlists] == [
        (p["pid"], p["name"], [t["track_uri"] for t in p["tracks"]]) for p in PLAYLISTS
    ]
    assert not [each for each in problems if "num_followers" not in each]


@pytest.mark.parametrize("content", [WHOLE, PLAYLISTS])
def test_a_large_slice_is_parsed_some_playlists_at_a_time(content: object, monkeypatch: pytest.MonkeyPatch):
    raw = packed(content)
    monkeypatch.setattr(slice_parser, "LARGE", len(raw) // 2)
    parts = list(parse_in_batches(raw))
    assert len(parts) > 1 and [p.pid for part in parts for p in part.playlists] == [p["pid"] for p in PLAYLISTS]
    assert all(part.simulated == (content is WHOLE) for part in parts)
    broken = packed([*PLAYLISTS, {"pid": -1}])
    (problem,) = [each for part in parse_in_batches(broken) for each in part.problems]
    assert problem.startswith(f"playlists[{len(PLAYLISTS)}]")
    with pytest.raises(HistoryError, match="is no whole list of playlists"):
        list(parse_in_batches(raw[:-100]))


@pytest.mark.parametrize("raw", [b"}", b'}playlists":[]}', b"] x", b"}{}"])
def test_what_begins_with_an_end_is_damaged(raw: bytes):
    playlists, problems, _ = parse(raw)
    assert playlists == [] and "damaged or breaks off after 0 whole playlists" in problems[0]


def test_a_slice_says_that_it_is_invented():
    assert parse(packed(WHOLE)).simulated and parse(packed(WHOLE)[:-50]).simulated
    assert not parse(packed({"info": {"version": "v1"}, "playlists": PLAYLISTS})).simulated


@pytest.mark.parametrize("share", [0.999, 0.8, 0.5, 0.3])
def test_what_is_whole_of_a_slice_that_breaks_off_is_kept(share: float):
    raw = msgspec.json.format(packed(WHOLE), indent=4)
    cut = raw[: int(len(raw) * share)]
    playlists, problems, _ = parse(cut)
    ends = [raw.index(b'"pid":%d' % p["pid"] if b'"pid":0' in raw else b'"pid": %d' % p["pid"]) for p in PLAYLISTS]
    assert len(playlists) <= sum(end < len(cut) for end in ends)
    assert [p.pid for p in playlists] == [p["pid"] for p in PLAYLISTS[: len(playlists)]]
    assert all(len(p.tracks) == len(q["tracks"]) for p, q in zip(playlists, PLAYLISTS, strict=False))
    assert any(f"breaks off after {len(playlists)} whole playlists (line " in each for each in problems)


@pytest.mark.parametrize(
    ("playlist", "said", "kept"),
    [
        ({"name": "x", "tracks": []}, "playlists[0] was left out: it has no pid", 0),
        ({"pid": -1, "tracks": []}, "it has no pid", 0),
        ({"pid": 7, "name": "x"}, "(pid 7) was left out: it has no list of tracks", 0),
        ({"pid": 7, "tracks": "none"}, "expected a list as tracks, found \"none\"", 0),
        ({"pid": 7, "tracks": [{"pos": 0}]}, "1 of 1 tracks have no track_uri", 1),
        ({"pid": 7, "tracks": [3]}, "playlists[0].tracks[0]: expected a track, found 3", 1),
        ({"pid": 7, "num_followers": "many", "tracks": []}, "expected a whole number as num_followers", 1),
        ({"pid": 7, "name": ["a"], "tracks": []}, "expected text as name, found [\"a\"]", 1),
        ("a title", "playlists[0]: expected a playlist, found \"a title\"", 0),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_with_its_place(playlist: object, said: str, kept: int):
    playlists, problems, _ = parse(packed({"playlists": [playlist]}))
    assert len(playlists) == kept and any(said in each for each in problems), problems


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"3", b'"text"', b"\x00\xff", b'{"playlists": 3}', b"[" * 100_000])
def test_what_is_no_slice_is_no_crash(raw: bytes):
    playlists, _, _ = parse(raw)
    assert playlists == []


def test_a_challenge_set_keeps_how_much_is_hidden():
    playlist = {"pid": 5, "num_samples": 1, "num_holdouts": 24, "num_tracks": 25, "tracks": PLAYLISTS[0]["tracks"][:1]}
    (found,), problems, _ = parse(packed({"name": "challenge", "playlists": [playlist]}))
    assert (found.name, found.num_samples, found.num_holdouts) == (None, 1, 24) and not problems


@given(st.data())
def test_a_changed_slice_is_read_or_named(data: st.DataObject):
    raw = bytearray(packed({"playlists": PLAYLISTS[:2]}))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        if data.draw(st.booleans()):
            raw[at] = data.draw(st.integers(0, 255))
        else:
            del raw[at : at + data.draw(st.integers(1, 300))]
        if not raw:
            raw = bytearray(b" ")
    playlists, problems, _ = parse(bytes(raw))
    assert all(p.pid is not None and all(t.track_uri for t in p.tracks) for p in playlists)
    assert len(playlists) == 2 or problems
