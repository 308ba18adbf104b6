"""The files around the package: one command from a fresh clone, the same environment everywhere."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def test_every_dependency_is_locked_with_a_hash():
    locked = {Requirement(line.split("\\")[0].strip()).name.lower() for line in LOCK.splitlines() if "==" in line}
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    assert {Requirement(line).name.lower() for line in wanted} <= locked
    for block in re.split(r"\n(?=\S)", LOCK.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_lock_names_no_package_index():
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|file:", LOCK)


def test_conda_gets_the_same_environment():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, packages = environment["dependencies"]
    assert python == f"python {PROJECT['requires-python']}" and pip == "pip"
    assert packages == {"pip": ["-r requirements.lock"]}


def test_help_lists_the_goals():
    text = make("help").stdout
    for goal in ("book", "test", "lint", "reproduce", "bench", "serve", "clean", "data"):
        assert re.search(rf"make {goal} ", text)


def test_variables_become_options():
    text = make("-n", "book", "QUICK=1", "DATASET=simulated", "ONLY=02", "JOBS=2").stdout
    assert "musicrec book --quick --dataset simulated --only 02 --jobs 2" in text
    assert "--quick" not in make("-n", "book", "QUICK=0").stdout
    assert "musicrec serve --dataset simulated --quick" in make("-n", "serve", "QUICK=1", "DATASET=simulated").stdout
    assert make("-n", "clean", "QUICK=1", "DATASET=simulated").stdout.strip() == "rm -rf build/simulated-quick"
    assert make("-n", "clean").stdout.strip() == "rm -rf build"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            'case "$2" in *version_info*exit*|"import sys; sys.exit"*) exit 1;; esac; echo Python 3.9.2',
            "needs Python 3.11",
        ),
        (
            'case "$2" in *ensurepip*) exit 1;; *print*) echo 3.11;; esac',
            "python3.11-venv (Debian, Ubuntu: apt install",
        ),
    ],
)
def test_a_python_that_will_not_do_is_explained(tmp_path: Path, script: str, message: str):
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\n{script}\nexit 0\n")
    python.chmod(0o755)
    result = make("book", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}")
    assert result.returncode != 0 and message in result.stderr and not (tmp_path / "venv").exists()


def test_a_missing_python_is_explained(tmp_path: Path):
    result = make("book", f"PYTHON={tmp_path / 'python9'}", f"VENV={tmp_path / 'venv'}")
    assert result.returncode != 0 and "was not found: install Python 3.11" in result.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").rglob("*.ipynb")), ids=lambda p: p.stem)
def test_notebooks_are_stored_clean(path: Path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None, "stored without outputs"
    assert re.fullmatch(r"\d\d_[a-z_]+", path.stem)
    assert set(notebook.metadata.get("musicrec", {})) <= {"originals", "reads_scores"}


def test_workflow_and_settings_are_valid():
    workflow = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text(encoding="utf-8"))
    assert set(workflow["jobs"]) == {"test", "book", "publish"}
    assert workflow["jobs"]["publish"]["permissions"] == {"pages": "write", "id-token": "write"}
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"] and citation["title"]
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert subprocess.run(["bash", "-n", ROOT / ".ci/run"]).returncode == 0


def test_no_data_and_no_paths_of_one_machine_are_committed():
    try:
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    locks = ("requirements.lock", "requirements-spark.lock")
    for name in filter(None, files.split("\0")):
        path = ROOT / name
        if not path.is_file() or name in (*locks, ".ci/run", "tests/test_project.py"):
            continue
        # of trials and of costs, not of anybody's listens
        table = name.startswith(("src/musicrec/models/settings/", "results/playlists_"))
        assert table or path.suffix not in (".dat", ".csv", ".zip", ".parquet", ".sqlite", ".pkl"), name
        text = path.read_text(encoding="utf-8", errors="ignore")
        found = re.search(r"/(?:home|root|work|Users)/[\w.-]+|\.\./shared", text)
        assert not found, f"{name} names {found and found[0]}"


def test_every_citation_has_an_entry_and_every_entry_is_complete():
    entries = dict(
        re.findall(r"@\w+\{([\w-]+),(.*?)\n\}", (ROOT / "book/references.bib").read_text(encoding="utf-8"), re.S)
    )
    for key, body in entries.items():
        for field in ("author", "title", "year"):
            assert re.search(rf"^\s*{field}\s*=", body, re.M), f"{key} lacks {field}"
    sources = [*(ROOT / "book").glob("*.md"), *(ROOT / "notebooks").rglob("*.ipynb")]
    for source in sources:
        for keys in re.findall(r"\{cite:[a-z]+\}`([^`]+)`", source.read_text(encoding="utf-8")):
            assert set(keys.replace(" ", "").split(",")) <= set(entries), f"{source.name} cites {keys}"
    for loader in (ROOT / "src/musicrec/datasets").glob("*.py"):
        for key in re.findall(r'citation="([^"]+)"', loader.read_text(encoding="utf-8")):
            assert key in entries, f"{loader.name} cites {key}"


def test_the_package_imports_nothing_heavy():
    code = "import sys, musicrec; assert not {'numpy', 'pandas', 'tensorflow'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
