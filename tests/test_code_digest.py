"""Which code something depends on."""

from pathlib import Path

import pytest

from musicrec.code_digest import code_closure


@pytest.fixture
def package(tmp_path: Path) -> Path:
    files = {
        "__init__.py": "",
        "a.py": "from pkg.sub import b\n",
        "sub/__init__.py": "from . import shared\n",
        "sub/b.py": "def f():\n    from ..c import x\n",
        "sub/shared.py": "import numpy\n",
        "c.py": "import pkg.d as d\n",
        "d.py": "x = 1\n",
        "other.py": "from pkg import a\n",
    }
    for name, text in files.items():
        path = tmp_path / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "pkg"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import numpy", []),
        ("import pkg.d", ["__init__.py", "d.py"]),
        ("from pkg import d", ["__init__.py", "d.py"]),
        ("from pkg.d import x", ["__init__.py", "d.py"]),
        ("from pkg.a import whatever",
         ["__init__.py", "a.py", "c.py", "d.py", "sub/__init__.py", "sub/b.py", "sub/shared.py"]),
        ("from pkg.sub import nothing", ["__init__.py", "sub/__init__.py", "sub/shared.py"]),
    ],
)  # fmt: skip
def test_closure_follows_every_kind_of_import(package: Path, source: str, expected: list[str]):
    assert [p.relative_to(package).as_posix() for p in code_closure([source], package)] == expected
