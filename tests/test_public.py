"""What `import musicrec` gives, and how little it takes."""

import subprocess
import sys
from importlib import resources

import pytest

import musicrec


def python(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True).stdout


def test_every_name_is_there() -> None:
    assert set(musicrec.__all__) == {*musicrec._WHERE, "__version__"}
    assert set(musicrec.__all__) <= set(dir(musicrec))
    for name in musicrec.__all__:
        assert getattr(musicrec, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'recommender'"):
        musicrec.recommender  # noqa: B018


def test_importing_takes_nothing_heavy() -> None:
    code = "import sys, musicrec; print({'numpy', 'pandas', 'scipy', 'tensorflow', 'typer'} & set(sys.modules))"
    assert python("-c", code).strip() == "set()"


def test_is_typed_and_runs_as_a_module() -> None:
    assert resources.files(musicrec).joinpath("py.typed").is_file()
    assert python("-m", "musicrec", "--version").strip() == musicrec.__version__
