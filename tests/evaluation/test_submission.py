"""The official rules of submissions, and everything that breaks them."""

import gzip
from pathlib import Path

import pytest

from musicrec.datasets.challenge_set import Cut
from musicrec.evaluation.submission import Submission, read_submission, write_submission

TRACKS = [f"spotify:track:{number:022d}" for number in range(502)]
CUTS = {7: Cut(7, "gym", (TRACKS[500],), (0,), 9), 9: Cut(9, "", (), (), 5)}
TEAM = "team_info, the team, team@example.org"


def line(pid: object = 7, tracks: list[str] | None = None) -> str:
    return ", ".join([str(pid), *(TRACKS[:500] if tracks is None else tracks)])


def read(folder: Path, *lines: str, end: str = "\n", name: str = "one.csv.gz", cuts: dict | None = CUTS) -> Submission:
    path = folder / name
    path.write_bytes(gzip.compress(end.join([*lines, ""]).encode()))
    return read_submission(path, cuts)


def test_a_written_file_is_accepted_and_always_the_same(tmp_path: Path) -> None:
    lists = {9: TRACKS[:500], 7: [*TRACKS[:499], TRACKS[501]]}
    for name in ("a.csv.gz", "b.csv.gz"):
        write_submission(tmp_path / name, "the team", "team@example.org", lists, CUTS)
    found = read_submission(tmp_path / "a.csv.gz", CUTS)
    assert not found.problems and found.lists == {pid: tuple(tracks) for pid, tracks in lists.items()}
    assert (found.team, found.email) == ("the team", "team@example.org")
    unpacked = [gzip.decompress((tmp_path / name).read_bytes()) for name in ("a.csv.gz", "b.csv.gz")]
    assert unpacked[0] == unpacked[1]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_comments_blank_lines_and_spaces_are_allowed(tmp_path: Path, end: str) -> None:
    lines = ["# made by hand", "", TEAM.replace(", ", ",  "), "", line(7).replace(", ", ","), "# and", "  ", line(9)]
    assert not read(tmp_path, *lines, end=end).problems
    assert not read(tmp_path, "\ufeff" + TEAM, line(7), line(9), end=end).problems


TWICE = [*TRACKS[:499], TRACKS[0]]
WRONG = {
    "no team": ((line(7), line(9)), 1, "expected team_info"),
    "team later": (("# x", line(7), TEAM, line(9)), 2, "expected team_info"),
    "team twice": ((TEAM, TEAM, line(7), line(9)), 2, "expected the number of a playlist, found 'team_info'"),
    "four values": ((TEAM + ", more", line(7), line(9)), 1, "two values, a name and an address, found 3"),
    "no name": (("team_info,, a@b.org", line(7), line(9)), 1, "expected the name of the team"),
    "no address": (("team_info, team, nobody", line(7), line(9)), 1, "address of e-mail, found 'nobody'"),
    "499 tracks": ((TEAM, line(7, TRACKS[:499]), line(9)), 2, "expected 500 tracks for playlist 7, found 499"),
    "501 tracks": ((TEAM, line(7), line(9, TRACKS[:501])), 3, "expected 500 tracks for playlist 9, found 501"),
    "comma at the end": ((TEAM, line(7) + ",", line(9)), 2, "found 501"),
    "a track twice": ((TEAM, line(7, TWICE), line(9)), 2, f"{TRACKS[0]} stands twice in the list of playlist 7"),
    "a seed": ((TEAM, line(7, TRACKS[1:501]), line(9)), 2, f"{TRACKS[500]} was given with playlist 7"),
    "no address of a track": ((TEAM, line(7, [*TRACKS[:499], "spotify:track:1"]), line(9)), 2, "'spotify:track:1'"),
    "an album": ((TEAM, line(7, [*TRACKS[:499], "spotify:album:" + "0" * 22]), line(9)), 2, "spotify:album"),
    "unknown playlist": ((TEAM, line(7), line(9), line(8)), 4, "playlist 8 is not in the challenge set"),
    "playlist twice": ((TEAM, line(7), line(9), line(7)), 4, "playlist 7 has a line already, line 2"),
    "no number": ((TEAM, line(7), line(9), line("seven")), 4, "number of a playlist, found 'seven'"),
    "a playlist is missing": ((TEAM, line(7)), 0, "no line for 9"),
    "nothing": ((), 0, "begins with team_info, found none"),
    "a comment that begins late": ((TEAM, " # x", line(7), line(9)), 2, "number of a playlist"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_breaks_a_rule_is_named_by_its_line(tmp_path: Path, case: str) -> None:
    lines, number, text = WRONG[case]
    first = read(tmp_path, *lines).problems[0]
    assert first.line == number and text in first.text


def test_every_wrong_line_is_named(tmp_path: Path) -> None:
    problems = read(tmp_path, TEAM, line(7, TRACKS[:3]), line(9, TRACKS[:4])).problems
    assert [problem.line for problem in problems] == [2, 3]
    assert str(problems[0]) == "line 2: expected 500 tracks for playlist 7, found 3"


def test_without_the_challenge_set_the_rest_is_checked(tmp_path: Path) -> None:
    assert not read(tmp_path, TEAM, line(123), cuts=None).problems
    assert read(tmp_path, TEAM, line(123, TRACKS[:9]), cuts=None).problems
    assert "found none" in read(tmp_path, TEAM, cuts=None).problems[0].text


def test_files_that_are_none(tmp_path: Path) -> None:
    assert "ends in .csv.gz" in read(tmp_path, TEAM, line(7), line(9), name="one.csv").problems[0].text
    plain = tmp_path / "plain.csv.gz"
    plain.write_text("\n".join([TEAM, line(7), line(9)]))
    assert "packed by gzip" in read_submission(plain, CUTS).problems[0].text
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress("\n".join([TEAM, *(line(n) for n in range(50))]).encode())[:-60])
    assert "cut off or damaged" in read_submission(cut, None).problems[-1].text
    odd = tmp_path / "odd.csv.gz"
    odd.write_bytes(gzip.compress(TEAM.encode() + b"\n7, \xff\n"))
    assert "UTF-8" in read_submission(odd, CUTS).problems[-1].text
    long = tmp_path / "long.csv.gz"
    long.write_bytes(gzip.compress(TEAM.encode() + b"\n" + b"7" * (2 << 20)))
    assert "over 1,048,576 characters" in read_submission(long, CUTS).problems[-1].text
    with pytest.raises(OSError):
        read_submission(tmp_path / "none.csv.gz", CUTS)


def test_nothing_is_written_that_would_be_rejected(tmp_path: Path) -> None:
    good = {7: TRACKS[:500], 9: TRACKS[:500]}
    for team, email, lists, name, words in (
        ("a, b", "a@b.org", good, "x.csv.gz", "found 3"),
        ("# a", "a@b.org", {7: TRACKS[:500]}, "x.csv.gz", "no line for 9"),
        ("a\nb", "a@b.org", good, "x.csv.gz", "line 1: expected team_info and two values"),
        ("a", "a@b.org", good, "x.csv", "ends in .csv.gz"),
    ):
        with pytest.raises(ValueError, match=words):
            write_submission(tmp_path / name, team, email, lists, CUTS)
    assert not list(tmp_path.iterdir())
