"""The API reference: one page a floor, read from the source without importing it.

The docstrings are turned into reStructuredText by Sphinx's own reader of the numpy style. Nothing is executed, because
importing every model takes as long as importing TensorFlow.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sphinx.ext.napoleon import Config, NumpyDocstring

from musicrec.code_digest import SOURCE
from musicrec.site.architecture import Module, floors, modules, summary

STYLE: Any = Config(napoleon_use_param=False, napoleon_use_rtype=False, napoleon_use_ivar=True)
FOLDER = "api"  # of the site
Function = ast.FunctionDef | ast.AsyncFunctionDef
DATA_CLASSES = {"dataclass", "NamedTuple"}
INTRODUCTION = """# API reference

Every public module, class and function of `musicrec`, from its docstring. One page a floor, the highest first;
{doc}`/how_it_is_built` shows how the floors go together.
"""


def pages(package: Path = SOURCE) -> dict[str, str]:
    """Return the pages by their place in the source of the site: an index in Markdown, the rest in reStructuredText."""
    order, found = list(floors(package)), modules(package)
    lines = [f"{{doc}}`{floor} </{FOLDER}/{floor}>`\n: {summary(floor, package)}\n" for floor in order]
    index = f"{INTRODUCTION}\n{chr(10).join(lines)}"
    return {f"{FOLDER}/index.md": index} | {
        f"{FOLDER}/{floor}.rst": floor_page(floor, [module for module in found if module.floor == floor], package)
        for floor in order
    }


def floor_page(floor: str, found: Sequence[Module], package: Path = SOURCE) -> str:
    """Return the page of one floor: its modules by name, with what is public in them and has a docstring."""
    parts = [_heading(floor, "=")]
    for module in found:
        tree, name = ast.parse(module.source), module.name.rstrip(".")
        text = _prose(ast.get_docstring(tree) or "")
        members = list(_members(tree.body, name))
        if members or not module.name.endswith("."):
            parts += [_heading(name.partition(".")[2], "-"), text, f".. py:currentmodule:: {name}\n", *members]
        else:
            parts.append(text)
    return "\n".join(parts)


def _members(body: Sequence[ast.stmt], module: str) -> Iterator[str]:
    """Yield the description of each public class and function that has a docstring."""
    for node in body:
        if not isinstance(node, ast.ClassDef | Function) or node.name.startswith("_") or not ast.get_docstring(node):
            continue
        if isinstance(node, ast.ClassDef):
            inner = "\n".join(_method(part) for part in node.body if isinstance(part, Function) and _is_public(part))
            yield _describe("class", f"{node.name}({_class_arguments(node)})", node) + _indent(f"\n{inner}")
        else:
            yield _describe("function", _signature(node), node)


def _is_public(node: Function) -> bool:
    return not node.name.startswith("_") and bool(ast.get_docstring(node))


def _method(node: Function) -> str:
    marks = {mark.id for mark in node.decorator_list if isinstance(mark, ast.Name)}
    if "property" in marks:
        returns = f"   :type: {ast.unparse(node.returns)}\n" if node.returns else ""
        return _describe("property", node.name, node, returns)
    kind = next((kind for kind in ("classmethod", "staticmethod") if kind in marks), "method")
    return _describe(kind, _signature(node, bound=kind != "staticmethod"), node)


def _describe(kind: str, signature: str, node: ast.ClassDef | Function, options: str = "") -> str:
    docstring = str(NumpyDocstring(plain_marks(ast.get_docstring(node) or ""), STYLE, what=kind, name=node.name))
    return f".. py:{kind}:: {signature}\n{options}\n{_indent(docstring)}\n"


def _signature(node: Function, *, bound: bool = False) -> str:
    arguments = _arguments(node.args, bound)
    return f"{node.name}({arguments})" + (f" -> {ast.unparse(node.returns)}" if node.returns else "")


def _arguments(given: ast.arguments, bound: bool) -> str:
    """Return the arguments as they are written, without `self` or `cls`."""
    lists = {field: list(getattr(given, field)) for field in ("posonlyargs", "args", "kwonlyargs")}
    if bound:
        lists["posonlyargs" if lists["posonlyargs"] else "args"].pop(0)
    return ast.unparse(
        ast.arguments(
            **lists, vararg=given.vararg, kwarg=given.kwarg, defaults=given.defaults, kw_defaults=given.kw_defaults
        )
    )


def _class_arguments(node: ast.ClassDef) -> str:
    """Return what a class is built with: the arguments of `__init__`, or the fields of a data class or named tuple."""
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            return _arguments(part.args, bound=True)
    marks = [mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list]
    if not DATA_CLASSES & {ast.unparse(mark) for mark in [*marks, *node.bases]}:
        return ""
    fields = [
        part for part in node.body if isinstance(part, ast.AnnAssign) and "ClassVar" not in ast.unparse(part.annotation)
    ]
    return ", ".join(f"{ast.unparse(f.target)}: {ast.unparse(f.annotation)}" + _default(f.value) for f in fields)


def _default(value: ast.expr | None) -> str:
    """Return the default of a field; what a function makes anew each time is shown by that function alone."""
    if value is None:
        return ""
    return " = ..." if isinstance(value, ast.Call) else f" = {ast.unparse(value)}"


def plain_marks(docstring: str) -> str:
    r"""Escape what the reader of reStructuredText would take for markup although a docstring means it as it stands.

    Bars, single stars and trailing underscores; code, examples and directives are left alone.

    Examples
    --------
    >>> print(plain_marks("2·|overlap| of a*b, *not* `a|b`"))
    2·\|overlap\| of a\*b, *not* `a|b`
    """
    blocks, inside = re.split(r"(\n\s*\n)", docstring), -1
    for place, block in enumerate(blocks):
        indent = len(block) - len(block.lstrip(" "))
        if place % 2 or block.lstrip().startswith(">>>") or 0 <= inside < indent:
            continue
        inside = indent if block.lstrip().startswith(".. ") else -1
        if inside < 0:
            pieces = re.split(r"(`+[^`]*`+|(?<![\w*])\*[^\s*](?:[^*]*[^\s*])?\*(?![\w*]))", block)
            pieces[::2] = [re.sub(r"[|*]|(?<=\w)_(?!\w)", r"\\\g<0>", piece) for piece in pieces[::2]]
            blocks[place] = "".join(pieces)
    return "".join(blocks)


def _prose(docstring: str) -> str:
    return str(NumpyDocstring(plain_marks(docstring), STYLE)) + "\n"


def _heading(text: str, rule: str) -> str:
    return f"{text}\n{rule * len(text)}\n"


def _indent(text: str) -> str:
    return "\n".join(f"   {line}".rstrip() for line in text.split("\n"))
