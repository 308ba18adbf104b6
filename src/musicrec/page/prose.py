"""Sentences with computed numbers."""

from __future__ import annotations

import dataclasses
import html
import inspect
import re
import string
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import display


class _ProseFormatter(string.Formatter):
    """`str.format`, with text from the data made inert and lists of names read as a sentence would."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, bool | np.bool_) and "|" in format_spec:
            return format_spec.split("|")[0 if value else 1]
        if isinstance(value, Number):
            # a share of nothing is no number, and "nan%" no word of a sentence
            return format(value, format_spec) if value == value else "undefined"
        if isinstance(value, list | tuple | np.ndarray | pd.Index | pd.Series) and np.ndim(value):
            names = [self.format_field(item, format_spec) for item in value]
            return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
        return _inert(format(value, format_spec))  # text, or what can only be shown as such


def _inert(text: str) -> str:
    """Write every mark that could mean something to Markdown or HTML as a character reference.

    A dollar sign gets an element of its own: notebook editors look for formulas once more in the text that they have
    made of the references, and would take what stands between two names with `$` for one.
    """
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"[!-/:-@\[-`{-~]", lambda mark: f"&#{ord(mark[0])};", text)
    return text.replace("&#36;", "<span>&#36;</span>")


def prose_text(template: str, facts: object = None, **values: Any) -> str:
    """Fill a paragraph of Markdown with values of the run; see `prose`.

    Examples
    --------
    >>> prose_text("**{n:,}** listens; most to {top}.", n=92834, top=["Ke$ha", "Sade"])
    '**92,834** listens; most to Ke<span>&#36;</span>ha and Sade.'
    >>> prose_text("The network {wins:beats|does not beat} popularity.", wins=False)
    'The network does not beat popularity.'
    >>> prose_text("Genres explain {share:.0%} of the variance.", share=float("nan"))
    'Genres explain undefined of the variance.'
    """
    return _ProseFormatter().vformat(inspect.cleandoc(template), (), {**_fields(facts), **values})


def _fields(facts: object) -> dict[str, Any]:
    """Return the fields of a named tuple or a dataclass by name."""
    if facts is None:
        return {}
    if isinstance(facts, tuple):
        return dict(facts._asdict())  # type: ignore[attr-defined]
    return {field.name: getattr(facts, field.name) for field in dataclasses.fields(facts)}  # type: ignore[arg-type]


def prose(template: str, facts: object = None, **values: Any) -> None:
    """Show a paragraph whose numbers are computed by the run.

    Parameters
    ----------
    template : str
        Markdown with the replacement fields of `str.format`. A field that is true or false is written
        ``{name:if true|if false}``: what a run confirms or refutes is decided here, not in the chapter.
    facts : named tuple or dataclass, optional
        What to fill in, by the names of its fields.
    **values
        What to fill in. Text is escaped; lists and tuples of names read "a, b and c".

    Raises
    ------
    KeyError
        When the template names a value that is not given.
    """
    text = prose_text(template, facts, **values)
    plain = html.unescape(re.sub(r"</?span>", "", text))
    display({"text/markdown": text, "text/plain": plain}, raw=True)
