"""Submissions to the RecSys Challenge 2018: written, and checked line by line.

A submission is a gzipped CSV file. Lines that begin with "#" and empty lines do not count. The first line that does is
``team_info, name of the team, address``; every other one names a playlist and 500 different tracks, none of them given,
the best first. Every playlist of the challenge set has its line, and one wrong line rejects the file.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

from musicrec.datasets.challenge_set import Cut
from musicrec.files import whole

N_TRACKS = 500
TEAM = "team_info"
URI = re.compile(r"spotify:track:[0-9A-Za-z]{22}")
EMAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")
TOO_LONG = 1 << 20  # characters of a line: 500 addresses take 20,000


class Problem(NamedTuple):
    """Why a submission is rejected."""

    line: int  # from 1; 0 when it is about the file as a whole
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


class Submission(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    team, email : str
        From its first line.
    lists : dict of int to tuple of str
        The tracks of each playlist that stands right in the file, best first.
    problems : list of Problem
        In the order of the file; the submission counts only when there is none.
    """

    team: str
    email: str
    lists: dict[int, tuple[str, ...]]
    problems: list[Problem]


def write_submission(
    path: Path, team: str, email: str, lists: Mapping[int, Sequence[str]], cuts: Mapping[int, Cut]
) -> None:
    """Write a submission that passes `read_submission`, whole or not at all.

    Raises
    ------
    ValueError
        When it would be rejected; nothing is written.
    """
    if not path.name.endswith(".csv.gz"):
        raise ValueError(f"{path.name}: a submission's name ends in .csv.gz")
    lines = [f"{TEAM}, {team}, {email}", *(", ".join([str(pid), *tracks]) for pid, tracks in lists.items())]
    text = "".join(f"{line}\n" for line in lines)
    if problems := _check(enumerate(text.splitlines(), 1), cuts).problems:
        raise ValueError(f"nothing is written, it would be rejected: {problems[0]}")
    # without the time in it, the same lists give the same file
    with whole(path, "wb") as file, gzip.GzipFile(path.name[:-3], "wb", fileobj=file, mtime=0) as packed:
        packed.write(text.encode())


def read_submission(path: Path, cuts: Mapping[int, Cut] | None = None) -> Submission:
    """Read a submission and check it by the rules.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    cuts : mapping of int to Cut, optional
        The challenge set. Without it nobody can tell whether the playlists are the right ones and whether a track was
        given; the rest is checked.

    Returns
    -------
    Submission
        With everything that is wrong, by line, unless the file cannot be read to its end.

    Raises
    ------
    OSError
        When there is no such file.
    """
    if not path.name.endswith(".csv.gz"):
        return Submission("", "", {}, [Problem(0, f"expected a name that ends in .csv.gz, found {path.name}")])
    with path.open("rb") as raw:
        if raw.read(2) != b"\x1f\x8b":
            return Submission("", "", {}, [Problem(0, "expected a file packed by gzip, found another one")])
        raw.seek(0)
        with gzip.open(raw) as unpacked:
            return _check(_lines(TextIOWrapper(unpacked, "utf-8-sig", newline=None)), cuts)


class _CutOff(NamedTuple):
    """In place of a line: why there are no more of them."""

    why: str


def _lines(file: TextIOWrapper) -> Iterator[tuple[int, str | _CutOff]]:
    number = 0
    while True:
        number += 1
        try:
            line = file.readline(TOO_LONG)
        except UnicodeDecodeError as error:
            yield number, _CutOff(f"expected text in UTF-8, found {error.reason}")
            return
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            yield number, _CutOff(f"the packed file is cut off or damaged here ({error})")
            return
        if not line:
            return
        if len(line) == TOO_LONG:
            yield number, _CutOff(f"a line of over {TOO_LONG:,} characters")
            return
        yield number, line


def _check(lines: Iterable[tuple[int, str | _CutOff]], cuts: Mapping[int, Cut] | None) -> Submission:
    team = email = ""
    said, problems = False, list[Problem]()
    lists, first = dict[int, tuple[str, ...]](), dict[int, int]()
    for number, line in lines:
        if isinstance(line, _CutOff):
            problems.append(Problem(number, line.why))
            return Submission(team, email, lists, problems)
        if not line.strip() or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.strip().split(",")]
        if not said:
            said = True
            wrong = _wrong_team(fields)
            if wrong:
                problems.append(Problem(number, wrong))
            else:
                team, email = fields[1:]
            if fields[0] == TEAM:
                continue
        found = [Problem(number, text) for text in _wrong_playlist(fields, cuts, first)]
        problems += found
        if re.fullmatch(r"\d{1,18}", fields[0], re.ASCII):
            first.setdefault(int(fields[0]), number)
            if not found:
                lists[int(fields[0])] = tuple(fields[1:])
    if not said:
        problems.append(Problem(0, f"expected a line that begins with {TEAM}, found none"))
    if cuts is not None and (missing := [pid for pid in cuts if pid not in first]):
        more = f" and {len(missing) - 3:,} more" if len(missing) > 3 else ""
        names = ", ".join(map(str, missing[:3]))
        problems.append(
            Problem(0, f"expected every playlist of the challenge set, but there is no line for {names}{more}")
        )
    elif not first:
        problems.append(Problem(0, "expected playlists, found none"))
    return Submission(team, email, lists, problems)


def _wrong_team(fields: list[str]) -> str:
    """Return what is wrong with the line of the team, "" when nothing is."""
    if fields[0] != TEAM:
        return f"expected {TEAM}, the name of the team and an address before all playlists, found {fields[0][:40]!r}"
    if len(fields) != 3:
        return f"expected {TEAM} and two values, a name and an address, found {len(fields) - 1}"
    if not fields[1]:
        return "expected the name of the team, found nothing"
    return "" if EMAIL.fullmatch(fields[2]) else f"expected an address of e-mail, found {fields[2][:60]!r}"


def _wrong_playlist(fields: list[str], cuts: Mapping[int, Cut] | None, first: Mapping[int, int]) -> Iterator[str]:
    """Yield what is wrong with the line of a playlist."""
    if not re.fullmatch(r"\d{1,18}", fields[0], re.ASCII):
        yield f"expected the number of a playlist, found {fields[0][:40]!r}"
        return
    pid, tracks = int(fields[0]), fields[1:]
    if pid in first:
        yield f"playlist {pid} has a line already, line {first[pid]}"
    if cuts is not None and pid not in cuts:
        yield f"playlist {pid} is not in the challenge set"
    if len(tracks) != N_TRACKS:
        yield f"expected {N_TRACKS} tracks for playlist {pid}, found {len(tracks)}"
    if odd := [track for track in tracks if not URI.fullmatch(track)]:
        yield f"expected spotify:track: and 22 letters and digits, found {odd[0][:60]!r}{_more(len(odd))}"
    if len(set(tracks)) != len(tracks):
        seen: set[str] = set()
        twice = [track for track in tracks if track in seen or seen.add(track)]  # type: ignore[func-returns-value]
        yield f"{twice[0][:60]} stands twice in the list of playlist {pid}{_more(len(twice))}"
    seeds = frozenset(cuts[pid].tracks) if cuts is not None and pid in cuts else frozenset()
    if given := [track for track in tracks if track in seeds]:
        yield f"{given[0]} was given with playlist {pid}{_more(len(given))}"


def _more(n: int) -> str:
    return f" (and {n - 1} more)" if n > 1 else ""
