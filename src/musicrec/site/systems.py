"""The glossary of systems: one line each, from what the classes say of themselves."""

from __future__ import annotations

import re

from musicrec.models import registry
from musicrec.models.registry import System

WORDS = {"plays": "play counts", "tags": "tags", "friends": "friends"}
AUTHORS = re.compile(r" \[[^\]]*\d{4}\]")  # "[Steck, 2019]" in a docstring: the page cites the entry instead


def systems_page() -> str:
    """Return every system with its family, its source and what it reads, as a Markdown list of definitions."""
    systems = registry.systems(None).values()
    families = dict.fromkeys(system.family for system in systems)
    parts = []
    for family in families:
        parts.append(f"### {family.replace('_', ' ').capitalize()}\n")
        parts += [_entry(system) for system in systems if system.family == family]
    return "\n".join(parts)


def _entry(system: System) -> str:
    """Return the line of one system.

    A summary keeps the names it gives in brackets where there is no entry to cite.
    """
    summary = AUTHORS.sub("", system.summary) if system.reference else system.summary
    cited = f" {{cite:p}}`{system.reference}`" if system.reference else ""
    reads = ["listens", *(WORDS.get(name, name) for name in sorted(system.reads))]
    task = "" if system.task == "listeners" else f" For another task than the leaderboard's: {system.task}."
    return f"`{system.name}`\n: {summary.rstrip('.')}{cited}. Reads {' and '.join(_joined(reads))}.{task}\n"


def _joined(words: list[str]) -> list[str]:
    """Return all but the last word as one, so that they can be joined by "and".

    Examples
    --------
    >>> " and ".join(_joined(["listens", "friends", "tags"])), " and ".join(_joined(["listens"]))
    ('listens, friends and tags', 'listens')
    """
    return [", ".join(words[:-1]), words[-1]] if len(words) > 1 else words
