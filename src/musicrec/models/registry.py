"""The registry of systems: every class of `musicrec.models` that names a task, found by itself.

The contract test, the search for settings, the leaderboard and the glossary of systems ask here. What a class says of
itself (see `Recommender`) is read from its source, because importing every model takes as long as importing
TensorFlow; the class itself is imported when a model is built.
"""

from __future__ import annotations

import ast
import difflib
import functools
import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from musicrec.models import space as spaces
from musicrec.models.space import Space
from musicrec.names import UnknownNameError

if TYPE_CHECKING:
    from musicrec.datasets.dataset import Dataset
    from musicrec.datasets.side_information import SideInformation
    from musicrec.models.base import Recommender

FOLDER = Path(__file__).parent
SETTINGS = FOLDER / "settings"  # what `musicrec tune` chose on lastfm-2k, one file a system
SAID = ("name", "title", "task", "reference", "reads", "space", "unsearched", "variants", "small", "personal")
Model = TypeVar("Model", bound="type[Recommender]")


@dataclass(frozen=True)
class System:
    """What a class says of itself.

    Attributes
    ----------
    name : str
        Kebab case, as in the score records.
    module, class_name : str
        Where the class is.
    family : str
        The folder of its file.
    task : str
        What it is for; `listeners` is the leaderboard's.
    title : str
        What a reader calls it.
    summary, reference : str
        First sentence of its docstring; key of `references.bib`, or "".
    reads : frozenset of str
        What it rests on beside who listened to what: "tags", "friends", "plays".
    space : mapping
        The settings that are searched; none when `unsearched` says why not.
    fixed : mapping
        What is passed besides the settings that are searched.
    small : mapping
        Settings for a few dozen users, as in the contract test.
    personal : bool
        Whether it learns who goes with what; popularity does not.
    """

    name: str
    module: str
    class_name: str
    family: str
    task: str
    title: str = ""
    summary: str = ""
    reference: str = ""
    reads: frozenset[str] = frozenset()
    space: Space = field(default_factory=dict)
    unsearched: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    small: Mapping[str, Any] = field(default_factory=dict)
    personal: bool = True
    model: type[Recommender] | None = None  # of a class that was registered by hand

    @property
    def needs_side(self) -> bool:
        """Whether it is built with the side information of a data set."""
        return bool(self.reads & {"tags", "friends"})

    def load(self) -> type[Recommender]:
        """Import the class."""
        return self.model or getattr(importlib.import_module(self.module), self.class_name)

    def create(self, settings: Mapping[str, Any], side: SideInformation | None = None) -> Recommender:
        """Return an unfitted model; what is neither in `settings` nor fixed is the default of the class.

        Raises
        ------
        ValueError
            When it needs side information and there is none.
        """
        if self.needs_side and side is None:
            raise ValueError(f"{self.name} is built with the side information of a data set: pass it")
        build: Any = self.load()
        return build(*([side] if self.needs_side else []), **{**self.fixed, **settings})

    def defaults(self, side: SideInformation | None = None) -> dict[str, Any]:
        """Return what the settings in the space are by default."""
        model = self.create({}, side)
        return {name: getattr(model, name) for name in self.space}


_registered: dict[str, System] = {}


def register(model: Model) -> Model:
    """Add a class that is not a file of `musicrec.models`; a decorator.

    Raises
    ------
    ValueError
        When the class names itself or its task not, or as another system does.
    """
    said = {name: getattr(model, name) for name in SAID if hasattr(model, name)}
    module, family = model.__module__, model.__module__.rpartition(".")[2]
    for system in _systems_of(said, module, model.__name__, family, inspect.getdoc(model) or "", model):
        if system.name in _found():
            raise ValueError(f"there is a system called {system.name!r} already; choose another name")
        _registered[system.name] = system
    return model


def unregister(name: str) -> None:
    """Take back what `register` added."""
    _registered.pop(name, None)


def systems(task: str | None = "listeners") -> dict[str, System]:
    """Return all systems for a task (None: for any) by name: in the order of their files, then those registered."""
    return {name: s for name, s in {**_found(), **_registered}.items() if task in (None, s.task)}


def find(name: str) -> System:
    """Return a system by its name.

    Raises
    ------
    UnknownNameError
        When there is none; the message names those that come close.
    """
    everything = {**_found(), **_registered}
    if name not in everything:
        raise UnknownNameError(name, difflib.get_close_matches(name, everything, n=3, cutoff=0.5), "system")
    return everything[name]


def searched(names: list[str] | None = None) -> list[str]:
    """Return those of the names (by default of all systems) whose settings are searched; `all` stands for all.

    Raises
    ------
    UnknownNameError
        When a system is unknown.
    ValueError
        When one was named that has nothing to search.
    """
    everything = [name for name, system in systems().items() if system.space]
    if names is None or "all" in names:
        return everything
    for name in names:
        if not find(name).space:
            raise ValueError(f"{name} {find(name).unsearched}: there is nothing to tune")
    return list(dict.fromkeys(names))


def record(name: str) -> dict[str, Any]:
    """Return what is kept of the search for a system: settings, scores, edges, space, search, budget and data.

    Raises
    ------
    UnknownNameError
        When the system is unknown.
    LookupError
        When it has not been tuned yet; says how.
    """
    if not find(name).space:
        raise LookupError(f"{name} {find(name).unsearched}: it is not tuned")
    try:
        return json.loads((SETTINGS / f"{name}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LookupError(f"{name} has not been tuned; run `musicrec tune {name}` (or `all`)") from None


def tuned(name: str) -> dict[str, Any]:
    """Return the chosen settings of a system; nothing for one that stands as its class has it.

    Raises
    ------
    UnknownNameError
        When the system is unknown.
    LookupError
        When it has not been tuned yet; says how.
    """
    return dict(record(name)["settings"]) if find(name).space else {}


def build(name: str, data: Dataset | SideInformation | None = None, **changes: Any) -> Recommender:
    """Return an unfitted model with the chosen settings, some of them changed.

    Parameters
    ----------
    name : str
        Of the system.
    data : Dataset or SideInformation, optional
        For systems that use side information: what they are to be fitted on, with its tags and friends.

    Raises
    ------
    UnknownNameError, LookupError
        As `tuned`.
    ValueError
        When the system uses side information and none was given.
    """
    system = find(name)
    return system.create({**tuned(name), **changes}, side_of(system, data))


def side_of(system: System, data: Dataset | SideInformation | None) -> SideInformation | None:
    """Return the side information a system is built with, None for one that needs none."""
    from musicrec.datasets.dataset import Dataset

    if data is None or not system.needs_side:
        return None
    if not isinstance(data, Dataset):
        return data
    from musicrec.datasets.side_information import SideInformation

    return SideInformation(data)


@functools.cache
def _found() -> dict[str, System]:
    """Read every file of the package for classes that name a task."""
    found: dict[str, System] = {}
    for info in pkgutil.walk_packages([str(FOLDER)], "musicrec.models."):
        if info.ispkg:
            continue
        path = FOLDER.joinpath(*info.name.split(".")[2:]).with_suffix(".py")
        for system in _read(path, info.name):
            if system.name in found:
                raise ValueError(f"two systems are called {system.name!r}: {found[system.name].module}, {info.name}")
            found[system.name] = system
    return found


def _read(path: Path, module: str) -> Iterator[System]:
    """Yield the systems of one file, without importing it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not any(isinstance(node, ast.ClassDef) and "task" in _assigned(node.body) for node in tree.body):
        return
    scope: dict[str, Any] = {**vars(spaces)}
    for name, value in _assigned(tree.body).items():
        try:
            scope[name] = _value(value, scope)
        except (NameError, TypeError, ValueError, AttributeError, KeyError):
            continue  # a constant that is computed; no class says it of itself
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and "task" in (given := _assigned(node.body)) and node.name != "Recommender":
            said = {name: _value(value, scope) for name, value in given.items() if name in SAID}
            yield from _systems_of(said, module, node.name, module.split(".")[-2], ast.get_docstring(node) or "")


def _assigned(body: list[ast.stmt]) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = node.value
    return found


def _value(node: ast.expr, scope: dict[str, Any]) -> Any:
    """Work out a constant expression of our own source: names of `scope`, no built-in functions."""
    return eval(compile(ast.Expression(node), "<class attribute>", "eval"), {"__builtins__": {}, **scope})


def _systems_of(
    said: Mapping[str, Any],
    module: str,
    class_name: str,
    family: str,
    docstring: str,
    model: type[Recommender] | None = None,
) -> Iterator[System]:
    if missing := [name for name in ("name", "task") if not said.get(name)]:
        raise ValueError(f"{module}.{class_name} does not say its {missing[0]}")
    about: dict[str, Any] = {
        "module": module, "class_name": class_name, "family": family, "task": said["task"], "model": model,
        "title": said.get("title") or said["name"].replace("-", " ").capitalize(),
        "summary": docstring.partition("\n")[0], "reference": said.get("reference", ""),
        "reads": frozenset(said.get("reads", ())), "personal": said.get("personal", True),
    }  # fmt: skip
    small, unsearched, space = said.get("small", {}), said.get("unsearched", ""), said.get("space", {})
    yield System(said["name"], space=space, unsearched=unsearched or spaces.NOTHING, small=small, **about)
    for name, variant in said.get("variants", {}).items():
        given = {"space": {}, "unsearched": unsearched or spaces.NOTHING, "small": small, **variant}
        yield System(name, **{**about, **given})
