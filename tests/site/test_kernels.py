"""Kernels that run at the same time, share the cores and are stopped together."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from trial_book import ROOT, SCORE, Recorder, chapters, run, write_notebook
from trial_book import book as book

from musicrec.site import kernels
from musicrec.site.execution import execute_all
from musicrec.site.notebooks import BookError

MEET = """
import os, time
from pathlib import Path
Path("{me}.here").touch()
while not Path("{other}.here").exists():
    time.sleep(0.02)
print("threads", os.environ["TF_NUM_INTRAOP_THREADS"], os.environ["OMP_NUM_THREADS"])
"""
BUSY = """
import os, signal, time
from musicrec.files import whole
from musicrec.files import build_dir
{first}
with whole(build_dir() / "half.txt") as file:
    file.write("half")
    with whole("{me}.pid") as pid:
        pid.write(str(os.getpid()))
    time.sleep(100)
"""


def kernel_of(folder: Path, name: str) -> int:
    """Wait until the kernel of a busy chapter has said which process it is."""
    path = folder / "notebooks" / f"{name}.pid"
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, f"{name} did not begin"
        time.sleep(0.05)
    return int(path.read_text())


def assert_nothing_is_left(book: Path, *pids: int) -> None:
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    left = [path.name for path in (book / "build").rglob("*") if "half" in path.name or "partial" in path.name]
    assert left == [], "half-written"


def test_two_chapters_run_at_the_same_time_and_share_the_cores(book: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")  # what the user says holds
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    for me, other in (("01_eda", "02_baseline"), ("02_baseline", "01_eda")):
        write_notebook(book, me, MEET.format(me=me, other=other), SCORE.format(me))
    found, told = chapters(book), Recorder()
    execute_all(found, run(), book, told, jobs=2)  # neither would end without the other
    assert sorted(told.executed) == ["01_eda", "02_baseline"] and all(chapter.stamp() for chapter in found)
    assert all("threads 4 7" in chapter.executed.read_text() for chapter in found)


def test_a_failing_chapter_stops_the_others_even_stubborn_ones(book: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kernels, "PATIENCE", 1.0)
    wait = "import time\nfrom pathlib import Path\nwhile not Path('02_baseline.pid').exists(): time.sleep(0.05)\n"
    write_notebook(book, "01_eda", wait + "raise KeyError('no such artist')")
    deaf = BUSY.format(me="02_baseline", first="signal.signal(signal.SIGINT, signal.SIG_IGN)")
    write_notebook(book, "02_baseline", SCORE.format("02_baseline"), deaf.replace("half.txt", "02.txt"))
    (first, second), told = chapters(book), Recorder()
    start = time.monotonic()
    with pytest.raises(BookError, match=r"01_eda\.ipynb failed in cell"):
        execute_all([first, second], run(), book, told, jobs=2)
    assert time.monotonic() - start < 50, "it does not wait for the end of the other"
    assert told.notes == {"02_baseline": "stopped before its end"} and told.ended
    assert not psutil.pid_exists(kernel_of(book, "02_baseline"))
    assert not first.stamp() and not second.stamp() and not second.scores_path.exists()
    assert [path.name for path in (book / "build").rglob("*.partial.ipynb")] == ["01_eda.partial.ipynb"]


@pytest.mark.skipif(sys.platform == "win32", reason="no process groups")
def test_ctrl_c_leaves_neither_half_written_files_nor_processes(book: Path):
    for name in ("01_eda", "02_baseline"):
        write_notebook(book, name, SCORE.format(name), BUSY.format(me=name, first=""))
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # `pytest &` would ignore it
        "from pathlib import Path; from trial_book import Recorder, chapters, run\n"
        "from musicrec.site.execution import execute_all\n"
        "book = Path.cwd(); execute_all(chapters(book), run(), book, Recorder(), jobs=2)"
    )
    path = os.pathsep.join(filter(None, [str(ROOT / "tests" / "helpers"), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=book, env={**os.environ, "PYTHONPATH": path},
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        pids = [kernel_of(book, name) for name in ("01_eda", "02_baseline")]
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert "KeyboardInterrupt" in errors.splitlines()[-1]
    assert_nothing_is_left(book, *pids)
    assert not [chapter for chapter in chapters(book) if chapter.stamp() or chapter.scores_path.exists()]


def test_to_a_chapter_the_folder_of_its_build_is_the_build_folder(book: Path):
    environment = kernels.kernel_environment(run(quick=True).folder)
    assert environment["MUSICREC_BUILD"] == str(book / "build" / "lastfm-2k-quick")
    assert environment["IPYTHONDIR"].startswith(environment["MUSICREC_BUILD"])
