"""The notebooks are thin: most of their code is not prose, cells are short, the formatter decides."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").rglob("*.ipynb"))
TOO_LONG = 15  # lines of a cell
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def prose_calls(source: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "prose":
            yield node


def prose_share(cells: list[str]) -> float:
    """Return the characters of the strings given to `prose` as a share of all characters of the code."""
    calls = [call for cell in cells for call in prose_calls(cell)]
    texts = [node.value for call in calls for node in ast.walk(call) if isinstance(node, ast.Constant)]
    return sum(len(text) for text in texts if isinstance(text, str)) / sum(map(len, cells))


def test_the_share_by_hand():
    assert prose_share(["plots.prose('abcd', f)"]) == 4 / 22
    assert prose_share(["prose('ab', x='cd')", "y = 1"]) == 4 / 24
    assert prose_share(["show('abcd')"]) == 0


@each_notebook
def test_at_most_a_fifth_of_the_code_is_prose(path: Path):
    assert prose_share(code_cells(path)) <= 0.2


@each_notebook
def test_sentences_compute_and_decide_nothing(path: Path):
    branches = (ast.IfExp, ast.BoolOp, ast.BinOp, ast.Compare, ast.Lambda, ast.comprehension, ast.JoinedStr)
    for cell in code_cells(path):
        for call in prose_calls(cell):
            found = [ast.unparse(node) for node in ast.walk(call) if isinstance(node, branches)]
            assert not found, f"decide and compute in musicrec.chapters: {found[0]}"


@each_notebook
def test_cells_are_short_and_formatted(path: Path):
    for cell in code_cells(path):
        assert len(cell.splitlines()) <= TOO_LONG, f"over {TOO_LONG} lines: {cell.splitlines()[0]}"
        assert "fmt: skip" not in cell and "fmt: off" not in cell, cell.splitlines()[0]
