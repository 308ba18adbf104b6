"""The catalogue as a panel of widgets for a notebook: upload, look around, remove."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from musicrec.catalog.base import Catalog
from musicrec.catalog.csv_file import SEPARATORS
from musicrec.catalog.entry import TYPES, CatalogError
from musicrec.catalog.view import facts_html, rows_html

ROWS = 10


class Panel(widgets.VBox):
    """Two tabs, *add* and *explore*; everything they can do `musicrec catalog` can do, too.

    Names, cells and messages are shown as text, whatever they hold.

    Parameters
    ----------
    catalog : Catalog
        What the panel works on.

    Notes
    -----
    A notebook sends an uploaded file to Python through the memory of the browser. For more than some ten megabytes the
    command is the better way.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        wide = widgets.Layout(width="36em", max_width="98%")
        named: dict[str, Any] = {"style": {"description_width": "7em"}, "layout": wide}
        self.file = widgets.FileUpload(accept=",".join([*TYPES, ".gz"]), multiple=False, description="File")
        self.name = widgets.Text(description="Name", placeholder="by default the file's", **named)
        self.description = widgets.Textarea(description="Description", rows=2, **named)
        self.separator = widgets.Dropdown(
            options=[("detect", ""), *((name, mark) for mark, name in SEPARATORS.items())],
            description="Separator", **named,
        )  # fmt: skip
        self.add = widgets.Button(description="Add", button_style="primary", icon="plus")
        self.message = widgets.HTML()
        self.dataset = widgets.Dropdown(description="Dataset", **named)
        self.view = widgets.ToggleButtons(
            options=["metadata", "first rows", "last rows", "random rows"],
            style={"button_width": "9em"}, layout={"width": "auto", "flex": "1 1 auto"},
        )  # fmt: skip
        self.again = widgets.Button(description="Draw again", icon="refresh", layout={"flex": "0 0 auto"})
        self.sure = widgets.Checkbox(description="yes, remove it", indent=False)
        self.remove = widgets.Button(description="Remove", button_style="danger", icon="trash", disabled=True)
        self.shown = widgets.HTML(layout={"max_width": "100%", "overflow": "auto"})  # a wide table scrolls by itself

        self.add.on_click(lambda _: self._try(self._add))
        self.remove.on_click(lambda _: self._try(self._remove))
        self.again.on_click(lambda _: self._try(self._show))
        self.file.observe(lambda _: self._try(self._chosen), "value")
        self.dataset.observe(lambda _: self._try(self._show), "value")
        self.view.observe(lambda _: self._try(self._show), "value")
        self.sure.observe(lambda change: setattr(self.remove, "disabled", not change["new"]), "value")

        adding = widgets.VBox([self.file, self.name, self.description, self.separator, self.add])
        removing = widgets.HBox([self.remove, self.sure])
        exploring = widgets.VBox([self.dataset, widgets.HBox([self.view, self.again]), self.shown, removing])
        tabs = widgets.Tab([adding, exploring], titles=("Add", "Explore"))
        super().__init__([tabs, self.message])
        self._try(self._refresh)

    def _try(self, work: Callable[[], None]) -> None:
        self.message.value = ""
        try:
            work()
        except CatalogError as error:
            self.message.value = f'<p role="alert"><strong>Not done:</strong> {html.escape(str(error))}</p>'

    def _say(self, text: str) -> None:
        self.message.value = f'<p role="status">{html.escape(text)}</p>'

    def _chosen(self) -> None:
        for upload in self.file.value:  # the widget itself shows but their number
            self._say(f"chosen: {upload['name']}, {upload['size']:,} bytes")

    def _add(self) -> None:
        if not self.file.value:
            raise CatalogError("choose a file first")
        upload = self.file.value[0]
        with tempfile.TemporaryDirectory(prefix="musicrec-") as folder:
            # the browser sends a bare name, but nobody has to use a browser
            path = Path(folder) / (Path(upload["name"].replace("\\", "/")).name or "upload")
            path.write_bytes(upload["content"])
            entry = self.catalog.add(
                path, self.name.value or None, self.description.value, separator=self.separator.value or None
            )
        self.file.value, self.name.value, self.description.value = (), "", ""
        self._refresh(entry.name)
        self._say(f"added {entry.name}: {entry.rows:,} rows, {len(entry.features)} columns")

    def _remove(self) -> None:
        if not self.sure.value or not self.dataset.value:
            raise CatalogError("tick the box first: what is removed is gone")
        entry = self.catalog.remove(self.dataset.value)
        self._refresh()
        self._say(f"removed {entry.name}")

    def _refresh(self, chosen: str | None = None) -> None:
        names = [entry.name for entry in self.catalog.entries()]
        self.dataset.options = names
        if chosen in names:
            self.dataset.value = chosen
        self._show()

    def _show(self) -> None:
        name = self.dataset.value
        self.sure.value = False  # it was said of what was shown before
        self.again.disabled = self.view.value != "random rows"
        if name is None:
            self.shown.value = "<p>The catalogue is empty.</p>"
        elif self.view.value == "metadata":
            self.shown.value = facts_html(self.catalog.show(name))
        else:
            excerpt = self.catalog.excerpt(name, self.view.value.partition(" ")[0], ROWS)
            self.shown.value = rows_html(excerpt, f"{name}: {self.view.value}")
