"""What the catalogue knows of a dataset beside its rows."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

FORBIDDEN = ".$#[]/\\"  # in names: what Firebase allows in no key, and what leads out of a folder
LONGEST_NAME = 200


class CatalogError(ValueError):
    """The catalogue cannot do what it was asked to; the message says what was wrong and what to do."""


@dataclass(frozen=True)
class Feature:
    """One column of a dataset.

    `type` is integer, number, boolean, date, time or text, or mixed: values of JSON of several types. `quantiles` are
    minimum, quartiles and maximum of numbers and dates, as text, also of text that is nothing but numbers; () for other
    columns. Counts of different values and quartiles are estimates where `estimated`.
    """

    name: str
    type: str
    missing: int
    distinct: int
    quantiles: tuple[str, ...] = ()
    estimated: bool = False
    form: str = ""  # how the cells are stored, where that is not as the type


@dataclass(frozen=True)
class Entry:
    """A dataset's name, description and metadata."""

    name: str
    description: str
    file: str  # the name it was read from, without its folder
    type: str  # csv or json
    size: int  # bytes of that file
    rows: int
    features: tuple[Feature, ...]
    added: str  # when, in UTC, ISO 8601
    encoding: str = "utf-8"
    separator: str = ""
    compressed: bool = False
    notes: tuple[str, ...] = ()  # what was assumed when the file was read
    key: str = ""  # where the catalogue keeps the rows

    @property
    def columns(self) -> list[str]:
        """Names of the features."""
        return [feature.name for feature in self.features]

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; `from_dict` reads it again."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """Read what `as_dict` returned.

        Raises
        ------
        CatalogError
            When it is something else: the catalogue was written by another program.
        """
        try:
            known = {field.name for field in fields(cls)}
            values = {name: value for name, value in raw.items() if name in known}
            features = [{**feature, "quantiles": tuple(feature.get("quantiles", ()))} for feature in raw["features"]]
            features_read = tuple(Feature(**feature) for feature in features)
            return cls(**{**values, "features": features_read, "notes": tuple(raw.get("notes", ()))})
        except (TypeError, KeyError, AttributeError) as error:
            raise CatalogError(
                f"an entry of the catalogue cannot be read ({error}); another program wrote it"
            ) from error


def as_typed(text: str) -> str:
    """Return a text as it was typed, where Python could not decode it because of the terminal's encoding.

    Accents are spelled in one way (NFC).
    """
    with suppress(UnicodeEncodeError):  # half a character is no byte of anything that was typed
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", text)


def check_name(name: str) -> str:
    """Return a name that every kind of catalogue can hold, accents spelled in one way (NFC).

    Raises
    ------
    CatalogError
        When it is empty, too long, or holds what a path, a terminal or Firebase would take for something else.
    """
    if not name.strip() or name != name.strip():
        raise CatalogError(f"a dataset's name is not empty and has no space at its ends, unlike {name!r}; give another")
    if len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
        raise CatalogError(f"a dataset's name has at most {LONGEST_NAME} bytes; give a shorter one")
    if bad := sorted({mark for mark in name if mark in FORBIDDEN or _unprintable(mark)}):
        listed = ", ".join(map(repr, bad))
        raise CatalogError(f"the name {name!r} holds {listed}; no control characters and none of {FORBIDDEN}")
    return unicodedata.normalize("NFC", name)


def name_from(path: Path) -> str:
    """Return the name a file suggests: without its endings, forbidden characters turned into hyphens."""
    stem = path.name
    for ending in (".gz", *TYPES):
        stem = stem[: -len(ending)] if stem.lower().endswith(ending) else stem
    return "".join("-" if mark in FORBIDDEN or _unprintable(mark) else mark for mark in stem).strip(" -")


TYPES = {".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json"}


def _unprintable(mark: str) -> bool:
    return unicodedata.category(mark) in ("Cc", "Cs", "Zl", "Zp")
