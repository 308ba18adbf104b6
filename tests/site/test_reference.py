"""The API reference: everything public, read without importing it."""

import ast
import re
import subprocess
import sys
from typing import ClassVar

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives

from musicrec.site import reference
from musicrec.site.architecture import Module, floors, modules

SOURCE = '''
"""What the module holds.

And more.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Point:
    """A place.

    Attributes
    ----------
    x : float
        Across.
    """

    x: float
    y: float = 0.0
    names: list[str] = field(default_factory=list)

    @property
    def size(self) -> float:
        """How far out."""
        return self.x

    @classmethod
    def origin(cls, scale: float = 1.0) -> "Point":
        """Return the middle."""

    @staticmethod
    def join(*points: "Point", **more: int) -> None:
        """Join a_ and 2·|x| + *y."""

    def undocumented(self): ...

    def _private(self):
        """Hidden."""


def outer(values, /, first=1, *, key: str | None = None) -> int:
    """Return something.

    Parameters
    ----------
    values : array-like
        What to look at.

    Raises
    ------
    ValueError
        When there is nothing.
    """

    def inner():
        """Not public."""


def _hidden():
    """Not public either."""
'''


def page(source: str = SOURCE) -> str:
    return reference.floor_page("floor", [Module("pkg.floor.module", "floor", source)])


@pytest.mark.parametrize(
    "line",
    [
        ".. py:currentmodule:: pkg.floor.module",
        ".. py:class:: Point(x: float, y: float = 0.0, names: list[str] = ...)",
        "   .. py:property:: size",
        "   .. py:classmethod:: origin(scale: float=1.0) -> 'Point'",
        "   .. py:staticmethod:: join(*points: 'Point', **more: int) -> None",
        ".. py:function:: outer(values, /, first=1, *, key: str | None=None) -> int",
        "      Join a\\_ and 2·\\|x\\| + \\*y.",
        "   :raises ValueError: When there is nothing.",
    ],
)
def test_what_is_public_is_described(line: str):
    assert line in page().splitlines()


def test_what_is_private_or_says_nothing_is_left_out():
    assert not re.search(r"undocumented|_private|_hidden|inner|Not public", page())


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("of *all* pairs, `a|b` and ``x_``", "of *all* pairs, `a|b` and ``x_``"),
        ("c * d, |a|, name_ and a_name", r"c \* d, \|a\|, name\_ and a_name"),
        ("Text.\n\n>>> a | b_\n1 * 2", "Text.\n\n>>> a | b_\n1 * 2"),
        (".. math::\n\n   |x| * y_\n\nThen |x|", ".. math::\n\n   |x| * y_\n\nThen \\|x\\|"),
        ("", ""),
    ],
)
def test_only_what_a_docstring_does_not_mean_as_markup_is_escaped(docstring: str, expected: str):
    assert reference.plain_marks(docstring) == expected


def test_every_public_thing_of_the_package_is_on_one_page():
    pages = reference.pages()
    assert set(pages) == {"api/index.md", *(f"api/{floor}.rst" for floor in floors())}
    for module in modules():
        text = pages[f"api/{module.floor}.rst"]
        for node in ast.parse(module.source).body:
            public = isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
            if public and ast.get_docstring(node):
                assert re.search(rf"^\.\. py:(class|function):: {node.name}\(", text, re.M), (
                    f"{module.name} {node.name}"
                )


class Box(Directive):
    """Stands for a directive of Sphinx."""

    has_content, optional_arguments, final_argument_whitespace = True, 1, True
    option_spec: ClassVar = {"type": str}

    def run(self) -> list[nodes.Node]:
        node = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class Lines(list):
    def __bool__(self) -> bool:
        return True  # docutils throws away what goes to a stream that is false, as an empty list is

    def write(self, text: str) -> None:
        self.append(text)


def complaints(text: str) -> list[str]:
    """Return what docutils alone has to say about a page: what a build of the site would refuse, in seconds."""
    for kind in ("class", "function", "method", "classmethod", "staticmethod", "property", "currentmodule"):
        directives.register_directive(f"py:{kind}", Box)
    settings = {"report_level": 2, "halt_level": 5, "warning_stream": (found := Lines())}
    publish_doctree(f".. default-role:: code\n\n{text}", settings_overrides=settings)
    return found


def test_the_docstrings_of_the_package_can_be_read():
    for name, text in reference.pages().items():
        if name.endswith(".rst"):
            assert complaints(text) == [], name
    assert complaints(page(SOURCE.replace("A place.", "A place.\n\n    .. nowhere::"))) != []


def test_nothing_is_imported_to_read_it():
    code = "import sys; from musicrec.site import reference; reference.pages(); assert 'tensorflow' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
