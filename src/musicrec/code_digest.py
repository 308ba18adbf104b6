"""Which code does this depend on? One answer for stale chapters, unfinished searches and saved models."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent


def code_closure(sources: Iterable[str], package: Path | None = None, *, by_name: bool = True) -> list[Path]:
    """Return the files of a package (this one) that Python sources import, directly or through one another, sorted.

    Read from the syntax, not by running anything; imports inside functions count, and so does the `__init__.py` of
    every package on the way. A change in one model therefore touches only the chapters that use it. Whoever imports the
    registry may build any model by its name, and depends on all of them and on their settings; unless `by_name` is
    false, because the models are named among the sources.
    """
    package = package or SOURCE
    found: set[Path] = set()
    queue = [(source, "") for source in sources]
    while queue:
        source, module = queue.pop()
        for name in _imports(source, module):
            parts = name.split(".")
            if parts[0] != package.name:
                continue
            for length in range(1, len(parts) + 1):
                base = package.joinpath(*parts[1:length])
                for path, of in (
                    (base.with_suffix(".py"), parts[:length]),
                    (base / "__init__.py", [*parts[:length], ""]),
                ):
                    if path.is_file() and path not in found:
                        found.add(path)
                        queue.append((path.read_text(encoding="utf-8"), ".".join(of)))
    if by_name and (registry := package / "models" / "registry.py") in found:
        found |= {*registry.parent.rglob("*.py"), *registry.parent.glob("settings/*.*")}
    return sorted(found)


@cache
def _imports(source: str, module: str) -> tuple[str, ...]:
    return tuple(imported_names(source, module, for_types=False))


def imported_names(source: str, module: str, *, for_types: bool = True) -> Iterator[str]:
    """Yield the dotted names a source may import; `module` is its own name, "pkg." for an `__init__.py`.

    Without `for_types`, what is imported for type checkers alone and never run is left out.
    """
    tree = ast.parse(source)
    never_run = [] if for_types else [block for block in ast.walk(tree) if _only_for_types(block)]
    left_out = {id(node) for block in never_run for node in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            prefix = node.module or ""
            if node.level:
                above = ".".join(module.split(".")[: -node.level])
                prefix = f"{above}.{prefix}".rstrip(".")
            yield from (f"{prefix}.{alias.name}" for alias in node.names)


def _only_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def digest(*parts: str | Path) -> str:
    """Return a digest of 16 hexadecimal digits: of texts, and of files of this package with their names."""
    total = hashlib.sha256()
    for part in parts:
        named = f"{part.relative_to(SOURCE)}\n{part.read_text(encoding='utf-8')}" if isinstance(part, Path) else part
        total.update(named.encode() + b"\0")
    return total.hexdigest()[:16]
