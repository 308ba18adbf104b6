"""The dataset catalogue: tables with a name, a description and metadata, in one file or in a Firebase database.

`open_catalog` returns a `Catalog`; `musicrec catalog` and the panel of chapter 11 are two faces of it.
"""

from __future__ import annotations

import os
from pathlib import Path

from musicrec.catalog.base import Catalog
from musicrec.catalog.entry import CatalogError, Entry, Feature

__all__ = ["Catalog", "CatalogError", "Entry", "Feature", "catalog_place", "open_catalog"]


def catalog_place() -> str:
    """Return where the catalogue is: `MUSICREC_CATALOG`, or `catalog.duckdb` beside the book's `_config.yml`."""
    if given := os.environ.get("MUSICREC_CATALOG"):
        return given
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / "_config.yml").exists()), here)
    return str(root / "catalog.duckdb")


def open_catalog(place: str | os.PathLike[str] | None = None) -> Catalog:
    """Open a catalogue; one that does not exist yet begins empty.

    Parameters
    ----------
    place : str or path-like, optional
        A file, or the https address of a Firebase Realtime Database; see `catalog_place` for the default.
        The database's token is read from `MUSICREC_FIREBASE_TOKEN`.

    Raises
    ------
    CatalogError
        When the address is none, or when it would send the token over the net unencrypted.
    """
    place = os.fspath(place) if place is not None else catalog_place()
    if "://" in place or place.startswith(("http:", "https:")):
        from musicrec.catalog.firebase import FirebaseCatalog

        return FirebaseCatalog(place, token=os.environ.get("MUSICREC_FIREBASE_TOKEN", ""))
    from musicrec.catalog.embedded import EmbeddedCatalog

    return EmbeddedCatalog(place)
