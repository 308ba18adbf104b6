"""The page "How this book is built" shows changes that work: each is applied to a copy of the repository and tried."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "book" / "examples"
ARTISTS = ["Radiohead", "Portishead", *(f"artist {number}" for number in range(40))]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The parts of the repository the changes touch."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    (tmp_path / "book").mkdir()
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    for name in ("_toc.yml", "book/references.bib", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def change(copy: Path, name: str) -> None:
    """Apply a change, whole and without any difference in what surrounds it."""
    command = ["git", "apply", "--whitespace=error", str(EXAMPLES / name)]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert not done.returncode, f"{name} no longer fits the code; make it again: {done.stderr}"


def python(copy: Path, code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code with the copy in place of the package."""
    found = {**os.environ, "PYTHONPATH": os.pathsep.join([str(copy / "src"), str(copy / "tests" / "helpers")])}
    found |= {"MUSICREC_BUILD": str(copy / "build"), "MUSICREC_OFFLINE": "1", **environment}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=copy, env=found, capture_output=True, text=True, encoding="utf-8")


def checked(done: subprocess.CompletedProcess[str]) -> str:
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


def test_a_system_is_its_file_and_its_source(copy: Path):
    change(copy, "add_a_system.diff")
    code = "import pytest, sys; sys.exit(pytest.main(['-q', 'tests/models/test_contract.py', '-k', 'asymmetric-knn']))"
    shown = checked(python(copy, code))
    assert int(re.search(r"(\d+) passed", shown)[1]) >= 8, "the contract finds it by itself"
    code = "from musicrec.models import registry; from musicrec.site.systems import systems_page; print(systems_page())"
    shown = checked(python(copy, f"{code}; assert 'asymmetric-knn' in registry.searched()"))
    assert "`asymmetric-knn`\n: Sum over the history of an asymmetric cosine" in shown
    assert "{aiolli2013," in (copy / "book" / "references.bib").read_text(encoding="utf-8")


def test_a_system_that_was_not_tuned_says_how(copy: Path):
    change(copy, "add_a_system.diff")
    code = "from musicrec.models import registry; registry.build('asymmetric-knn')"
    assert "run `musicrec tune asymmetric-knn`" in python(copy, code).stderr


def test_a_data_set_is_its_file_and_its_name(copy: Path):
    change(copy, "add_a_data_set.diff")
    path = copy / "data" / "my-listens" / "listens.csv"
    path.parent.mkdir(parents=True)
    path.write_text("user,item,plays\nann,Björk,12\nann,Portishead,3\nbob,Björk,1\n", encoding="utf-8")
    code = "from musicrec.datasets import load; d = load('my-listens'); print(d.interactions, list(d.item_names))"
    shown = checked(python(copy, code, MUSICREC_DATA=str(copy / "data")))
    assert "2 users x 2 items, 3 entries" in shown and "['Björk', 'Portishead']" in shown
    for text, message in (
        ("user,item\nann,Björk\n", "line 1: expected the columns user, item, plays; plays is missing"),
        ("user,item,plays\nann,Björk,3\nbob,Björk,0\n", "line 3: expected a user, an item and plays above zero"),
        ("user,item,plays\nann,Björk,many\n", "cannot be read"),
    ):
        path.write_text(text, encoding="utf-8")
        assert message in python(copy, code, MUSICREC_DATA=str(copy / "data")).stderr


def run_notebook(copy: Path, path: Path) -> list[dict]:
    """Run the code of a notebook on small simulated data, without a kernel, and return the scores it wrote."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    code = code.replace('dataset = "auto"', 'dataset = "simulated-small"').replace("quick = False", "quick = True")
    checked(python(copy, code))
    scores = list((copy / "build").rglob(f"{path.stem}.json"))
    return json.loads(scores[0].read_text(encoding="utf-8")) if scores else []


def test_a_chapter_is_a_copy_of_the_example_and_its_line(copy: Path):
    change(copy, "add_a_chapter.diff")
    code = "from pathlib import Path; from musicrec.site.notebooks import toc_files; print(toc_files(Path.cwd()))"
    assert "notebooks/16_damping" in checked(python(copy, code))
    scores = run_notebook(copy, copy / "notebooks" / "16_damping.ipynb")
    assert {score["system"] for score in scores} == {"rp3beta-undamped"}
    assert {"ndcg@10", "recall@10"} <= {score["metric"] for score in scores} and scores[0]["simulated"]


def test_the_page_shows_every_example():
    page = (ROOT / "book" / "how_it_is_built.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\{literalinclude\} examples/(\S+)", page))
    assert shown == {path.name for path in EXAMPLES.iterdir()}


def test_the_example_in_python_does_what_the_page_says(tmp_path: Path):
    rng = np.random.default_rng(0)
    rows = [(user, ARTISTS[item], rng.integers(1, 99)) for user in range(30) for item in rng.permutation(42)[:20]]
    pd.DataFrame(rows, columns=["user", "artist", "plays"]).to_csv(tmp_path / "listens.csv", index=False)
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "from_python.py")], cwd=tmp_path, capture_output=True, text=True
    )
    shown = checked(done)
    best = re.findall(r"'([^']+)'", shown)
    assert len(best) == 5 and set(best) <= set(ARTISTS) - {"Radiohead", "Portishead"}
    value = float(re.search(r"value\s+([\d.]+)", shown)[1])
    assert 0 < value < 1
