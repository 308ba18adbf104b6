"""How the package is built, read from its own imports: its floors, and what travels between them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from musicrec.code_digest import SOURCE, imported_names
from musicrec.site.diagram import Arrow, figure, layered

SHARED = "shared"  # the modules that lie in no folder, taken together as the lowest floor
TRAVELLERS = ("Interactions", "Split", "Recommender", "Evaluation", "Score")  # what data become on their way
Graph = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Module:
    """One file of the package.

    Attributes
    ----------
    name : str
        Dotted, `musicrec.models.base`; that of an `__init__.py` ends in a dot.
    floor : str
        Its folder below the package.
    source : str
        Its text.
    """

    name: str
    floor: str
    source: str


def modules(package: Path = SOURCE) -> list[Module]:
    """Return the files of a package by name, without those that only open it (`__init__.py` and `__main__.py`)."""
    found = []
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if parts in (("__init__",), ("__main__",)):
            continue
        name = ".".join([package.name, *parts]).removesuffix("__init__")
        found.append(Module(name, parts[0] if len(parts) > 1 else SHARED, path.read_text(encoding="utf-8")))
    return found


def floors(package: Path = SOURCE) -> Graph:
    """Return which floors the modules of each floor import, the floor itself left out; the highest floor first."""
    found = modules(package)
    lone = {module.name.rpartition(".")[2] for module in found if module.floor == SHARED}
    graph: dict[str, set[str]] = {module.floor: set() for module in found}
    for module in found:
        for parts in _own_imports(module, package):
            floor = SHARED if parts[1] in lone else parts[1]
            if floor in graph and floor != module.floor:
                graph[module.floor].add(floor)
    height = heights(graph)
    return {floor: frozenset(graph[floor]) for floor in sorted(graph, key=lambda floor: (-height[floor], floor))}


def heights(graph: Mapping[str, frozenset[str] | set[str]]) -> dict[str, int]:
    """Return how high each floor lies: 0 where nothing is imported, else one more than the highest it imports.

    Raises
    ------
    ValueError
        When floors import each other in a circle.

    Examples
    --------
    >>> heights({"site": {"scores", "data"}, "scores": {"data"}, "data": set()})
    {'data': 0, 'scores': 1, 'site': 2}
    """
    found: dict[str, int] = {}
    while len(found) < len(graph):
        free = [floor for floor in graph if floor not in found and graph[floor] <= set(found)]
        if not free:
            raise ValueError(f"these import each other in a circle: {', '.join(sorted(set(graph) - set(found)))}")
        found |= {floor: 1 + max((found[below] for below in graph[floor]), default=-1) for floor in free}
    return found


def direct(graph: Graph) -> dict[str, list[str]]:
    """Return for each floor those it imports that no other floor it imports leads to.

    Examples
    --------
    >>> direct({"site": {"scores", "data"}, "scores": {"data"}, "data": set()})
    {'site': ['scores'], 'scores': ['data'], 'data': []}
    """

    def reach(floor: str) -> set[str]:
        return set(graph[floor]).union(*(reach(below) for below in graph[floor]))

    return {
        floor: sorted(below for below in graph[floor] if not any(below in reach(other) for other in graph[floor]))
        for floor in graph
    }


def floors_page(package: Path = SOURCE) -> str:
    """Return the picture of the floors and the same in words, as Markdown."""
    graph = floors(package)
    height = heights(graph)
    rows = [[f for f in graph if height[f] == level] for level in range(max(height.values()), -1, -1)]
    arrows = [Arrow(floor, below) for floor, belows in direct(graph).items() for below in belows]
    label = f"The {len(graph)} floors of the package, each above all it imports; the list below says the same."
    caption = "An arrow says *imports*. What an arrow leads to, also over several, may be imported directly as well."
    parts = [figure(layered(rows, arrows, label, name="floors"), caption)]
    for floor, belows in graph.items():
        uses = f"Imports {', '.join(f'`{b}`' for b in graph if b in belows)}." if belows else "Imports no other floor."
        parts.append(f"{{doc}}`{floor} </api/{floor}>`\n: {summary(floor, package)} {uses}\n")
    return "\n".join(parts)


def flow_page(package: Path = SOURCE) -> str:
    """Return the picture of the way data go through the floors and the same in words, as Markdown."""
    homes, readers = travellers(package)
    stops = {home.floor for home in homes.values()}
    graph = {
        floor: frozenset(home.floor for name, home in homes.items() if floor in readers[name])
        for floor in sorted(stops | readers[TRAVELLERS[-1]])
    }
    height = heights(graph)
    arrows = [
        Arrow(home.floor, floor, name)
        for floor, reads in direct(graph).items()
        for name, home in homes.items()
        if home.floor in reads and floor in readers[name]
    ]
    label = (
        "The floors data go through, and the class they travel in from one to the next; the list below says the same."
    )
    caption = "An arrow says *is read by*; beside it is the class."
    rows = [[floor for floor in graph if height[floor] == level] for level in range(max(height.values()) + 1)]
    parts = [figure(layered(rows, arrows, label, name="flow"), caption)]
    for name, home in homes.items():
        read = ", ".join(f"`{floor}`" for floor in sorted(readers[name]))
        parts.append(f"`{name}`\n: {_summary_of(home, name)} Made in `{home.name.rstrip('.')}`, read by {read}.\n")
    return "\n".join(parts)


def travellers(package: Path = SOURCE) -> tuple[dict[str, Module], dict[str, set[str]]]:
    """Return the module that defines each class data travel in, and the other floors that import the class.

    Raises
    ------
    LookupError
        When a class is defined nowhere, or more than once.
    """
    found = modules(package)
    homes, readers = {}, {}
    for name in TRAVELLERS:
        defining = [module for module in found if _class(module, name)]
        if len(defining) != 1:
            where = ", ".join(module.name for module in defining) or "no module"
            raise LookupError(f"{name} is defined by {where}; the picture of the data needs exactly one")
        homes[name] = defining[0]
        readers[name] = {
            module.floor
            for module in found
            if module.floor != defining[0].floor and any(p[-1] == name for p in _own_imports(module, package))
        }
    return homes, readers


def summary(floor: str, package: Path = SOURCE) -> str:
    """Return the first sentence about a floor: of its `__init__.py`, or the names of the shared modules."""
    if floor == SHARED:
        names = [module.name.rpartition(".")[2] for module in modules(package) if module.floor == SHARED]
        return f"Single modules for every floor: {', '.join(f'`{name}`' for name in names)}."
    source = (package / floor / "__init__.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def _own_imports(module: Module, package: Path) -> Iterator[list[str]]:
    for name in imported_names(module.source, module.name):
        parts = name.split(".")
        if parts[0] == package.name and len(parts) > 1:
            yield parts


def _class(module: Module, name: str) -> ast.ClassDef | None:
    body = ast.parse(module.source).body if f"class {name}" in module.source else []
    return next((node for node in body if isinstance(node, ast.ClassDef) and node.name == name), None)


def _summary_of(module: Module, name: str) -> str:
    node = _class(module, name)
    return ((ast.get_docstring(node) if node else "") or "").partition("\n")[0]
