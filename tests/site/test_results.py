"""The folder of a build: one process at a time, and nobody else's."""

import subprocess
import sys
from pathlib import Path

import pytest
from trial_book import Recorder, chapters, run
from trial_book import book as book

from musicrec.files import BusyError
from musicrec.scores.builds import read_build
from musicrec.site import build
from musicrec.site.execution import execute_all
from musicrec.site.notebooks import BookError
from musicrec.site.results import build_folder


def test_a_second_process_is_refused_and_changes_nothing(book: Path):
    code = (
        "from trial_book import run; from musicrec.site.results import build_folder; import sys\n"
        "with build_folder(run()): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout and other.stdin and other.stdout.readline() == b"held\n"
        before = (run().folder / "about.json").read_bytes()
        with pytest.raises(BusyError, match=r"another `musicrec` is at work in .*lastfm-2k; try again"):
            execute_all(chapters(book), run(), book, Recorder())
        with pytest.raises(BusyError):
            build.build_site(book, run(), print)
        assert (run().folder / "about.json").read_bytes() == before and not (run().folder / "executed").exists()
        other.stdin.close()
    with build_folder(run()):
        pass


def test_a_process_that_was_killed_holds_nothing(book: Path):
    code = "import os; from trial_book import run; from musicrec.site.results import build_folder\n"
    code += "with build_folder(run()): os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code])
    with build_folder(run()):
        pass


def test_a_folder_of_something_else_is_left_alone(book: Path):
    precious = run().folder / "scores" / "thesis.json"
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work")
    with pytest.raises(BookError, match="holds scores and is not a build of the book; move it away"):
        execute_all(chapters(book), run(), book, Recorder())
    assert [p.name for p in run().folder.rglob("*")] == ["scores", "thesis.json"]
    assert precious.read_text() == "years of work"


def test_the_folder_says_what_it_is_about_and_when(book: Path):
    with build_folder(run(quick=True)):
        pass
    first = read_build(run(quick=True).folder)
    assert first and first.begun > 0 == first.built and first.quick and first.label == "real data, quick run"
    with build_folder(run(quick=True), built=True):
        pass
    second = read_build(run(quick=True).folder)
    assert second and second.built >= second.begun == first.begun
