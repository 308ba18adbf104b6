"""Answering one new listener: the served models in Python and in the browser, the command, and the page's weight."""

import gzip
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import numpy as np
from tests.try_site import CHROMIUM, FLAGS, NO_CHROMIUM, served_folder, write_page

from benchmarks import Ratio, seconds
from musicrec import datasets
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.identity import identity
from musicrec.datasets.interactions import history_of
from musicrec.serving import cache, fidelity, forms
from musicrec.site import try_page

LISTENERS = 100
IN_BROWSER = """([lists, model]) => {
  const catalogue = document.getElementById("try").catalogue;
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (const list of lists) catalogue.recommend(list, model, 10);
    best = Math.min(best, performance.now() - start);
  }
  return best / 1000 / lists.length;
}"""


def run() -> list[Ratio]:
    """Time of one answer, from the command being typed and from the page being opened; bytes of the page."""
    data = datasets.load("auto", progress=False)
    with tempfile.TemporaryDirectory() as build, mock.patch.dict(os.environ, MUSICREC_BUILD=build):
        _, source = identity(data.name)
        models = {name: cache.served(data, name, source) for name in try_page.MODELS}
        position = {int(artist): place for place, artist in enumerate(models["als"].ids[: models["als"].n])}
        histories = [data.interactions.matrix[[user]].indices for user in range(LISTENERS)]
        lists = [[position[i] for i in data.interactions.items[h].tolist() if i in position] for h in histories]
        found = [*_python(data, models, lists, histories), _command(data.name)]
        if not CHROMIUM:
            print(f"skipped the browser: {NO_CHROMIUM}", file=sys.stderr)
            return found
        return [*found, *_browser(Path(build) / "page", models, lists)]


def _python(
    data: Dataset, models: dict[str, forms.Served], lists: list[list[int]], histories: list[np.ndarray]
) -> list[Ratio]:
    ratios = []
    for name, model in models.items():
        full = fidelity.full_model(name).fit(data.interactions, rng=np.random.default_rng(0))
        each = [history_of(history.tolist(), data.interactions.n_items) for history in histories]
        ours = seconds(lambda m=model: [m.recommend(liked, 10) for liked in lists], 3) / len(lists)
        theirs = seconds(lambda f=full, e=each: [f.recommend_new(history, 10) for history in e], 3) / len(lists)
        note = f"seconds an answer; {1 / ours:,.0f} a second; histories of {LISTENERS} listeners, one at a time"
        ratios.append(Ratio(f"{name}, one new listener in Python", "the full model", ours, theirs, 2, "longer", note))
    return ratios


def _command(dataset: str) -> Ratio:
    command = [str(Path(sys.executable).with_name("musicrec")), "recommend", "--dataset", dataset]
    command += _known(dataset)
    ours = seconds(lambda: subprocess.run(command, check=True, capture_output=True), 5)
    return Ratio("musicrec recommend, a new process", "budget", ours, 2.0, 1, "longer", "seconds; model on disk")


def _known(dataset: str) -> list[str]:
    return cache.serve(dataset, "als", lambda text: None).names[:3]


def _browser(folder: Path, models: dict[str, forms.Served], lists: list[list[int]]) -> list[Ratio]:
    from playwright.sync_api import sync_playwright

    folder.mkdir()
    made = write_page(folder, list(models.values()))
    fragment = f"#a={models['als'].names[0]}"
    ratios, times = [], []
    with served_folder(folder) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = chromium.new_page()
        for _ in range(6):  # the first one warms the cache
            page.goto("about:blank")
            start = time.perf_counter()
            page.goto(address + "try.html" + fragment)
            page.wait_for_selector("#try-results li")
            times.append(time.perf_counter() - start)
        for name, model in models.items():
            ours = page.evaluate(IN_BROWSER, [lists, name])
            theirs = seconds(lambda m=model: [m.recommend(liked, 10) for liked in lists], 3) / len(lists)
            note = f"seconds an answer; {1 / ours:,.0f} a second; goal of the page: 0.05"
            ratios.append(Ratio(f"{name}, one new listener in the browser", "Python", ours, theirs, 10, "longer", note))
        chromium.close()
    ratios.append(
        Ratio("page opened to first recommendation", "budget", min(times[1:]), 1.0, 1, "longer", "seconds; warm, local")
    )
    rest = [folder / "vendor/minisearch/minisearch.js", *(folder / "scripts" / name for name in try_page.FILES)]
    code = sum(len(gzip.compress(path.read_bytes())) for path in rest)
    packed = len(gzip.compress(made.script.encode()))
    note = f"bytes, compressed; and {code:,} of scripts and style"
    ratios.append(Ratio("data of the page", "budget", packed, 2_000_000, 1, "longer", note))
    return ratios
