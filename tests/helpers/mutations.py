"""Damaged inputs: what falls out of a copy that was cut, a disk that turned bits, an editor that meant well."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

LIMIT = 20  # seconds that one input may take
# What readers stumble over: marks, brackets, quotes, numbers beyond every type, halves of characters.
PIECES = (
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf0\x9f\x8e", b'"', b"'", b"\\", b"\\ud83d", b"\n",
    b"\r", b"\t", b",", b";", b"{", b"}", b"[", b"]", b"[" * 600, b":", b"null", b"true", b"NaN", b"-1", b"1e999",
    b"9" * 40, b"0x1", b"", b"\xe2\x80\xa8", b"//", b"--", b"<script>", b"%s", b"=1+1", b" " * 500, b"PK\x03\x04",
    b"\x1f\x8b",
)  # fmt: skip


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the data with one to four things done to them."""
    for _ in range(int(rng.integers(1, 5))):
        data = CHANGES[int(rng.integers(len(CHANGES)))](data, rng)
    return data


def _place(data: bytes, rng: np.random.Generator) -> int:
    return int(rng.integers(len(data) + 1))


def _flip(data: bytes, rng: np.random.Generator) -> bytes:
    at = _place(data, rng)
    return data[:at] + bytes([data[at] ^ (1 << int(rng.integers(8)))]) + data[at + 1 :] if at < len(data) else data


def _cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: _place(data, rng)]


def _insert(data: bytes, rng: np.random.Generator) -> bytes:
    at = _place(data, rng)
    return data[:at] + PIECES[int(rng.integers(len(PIECES)))] + data[at:]


def _replace(data: bytes, rng: np.random.Generator) -> bytes:
    start = _place(data, rng)
    end = min(len(data), start + int(rng.integers(1, 40)))
    return data[:start] + PIECES[int(rng.integers(len(PIECES)))] + data[end:]


def _delete(data: bytes, rng: np.random.Generator) -> bytes:
    start = _place(data, rng)
    return data[:start] + data[start + int(rng.integers(1, 400)) :]


def _again(data: bytes, rng: np.random.Generator) -> bytes:
    start = _place(data, rng)
    return data[:start] + data[start : start + int(rng.integers(1, 400))] * 2 + data[start:]


def _shuffled_lines(data: bytes, rng: np.random.Generator) -> bytes:
    lines = data.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines)


def _other_encoding(data: bytes, rng: np.random.Generator) -> bytes:
    names = ("utf-16", "utf-16-le", "utf-8-sig", "cp1252", "utf-32")
    return data.decode("utf-8", "replace").encode(names[int(rng.integers(len(names)))], "replace")


CHANGES = (_flip, _flip, _cut, _insert, _insert, _replace, _replace, _delete, _again, _shuffled_lines, _other_encoding)


@contextmanager
def time_limit(seconds: int = LIMIT) -> Iterator[None]:
    """Raise TimeoutError when the block takes longer, where the system can ring a bell."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def is_clear(error: BaseException) -> bool:
    """Return whether an error is one of ours that says something, and not what happened to fall out of a library."""
    ours = type(error) in (ValueError, OSError) or type(error).__module__.startswith("musicrec")
    return ours and len(str(error)) > 10


def faults(read: Callable[[bytes], object], seeds: Sequence[bytes], n: int, seed: int) -> list[str]:
    """Read n mutated inputs; return what was neither read nor refused clearly, with the number of the input.

    The input number i of a seed is `mutated(seeds[i % len(seeds)], default_rng([seed, i]))`.
    """
    found = []
    for number in range(n):
        data = mutated(seeds[number % len(seeds)], np.random.default_rng([seed, number]))
        try:
            with time_limit():
                read(data)
        except Exception as error:  # whatever it is, it is told apart below
            if not is_clear(error):
                found.append(f"input {number}: {type(error).__name__}: {str(error)[:200]}")
    return found
