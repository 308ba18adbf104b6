"""Shorter markup that shows the same."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from musicrec.page.figure import figure_html
from musicrec.page.table import table_html
from musicrec.site.compact import shorter


def scatter(*, rasterized: bool = False, alt: str = "Rate 0.00512 and more") -> str:
    ax = plt.subplots()[1]
    xs = np.random.default_rng(0).random(50)
    ax.scatter(xs, xs**2, s=9 + xs, c="#1f77b4", linewidths=0, rasterized=rasterized)
    ax.set(title="Dots of 1.23456", xlabel="x", ylabel="y")
    markup = figure_html(ax, alt=alt)
    plt.close(ax.figure)
    return markup


def test_dots_become_circles_at_the_same_places():
    before = scatter()
    after = shorter(before)
    starts = [(float(x), float(y)) for x, y in re.findall(r'<path d="M ([\d.]+) ([\d.]+) C', before)]
    circles = [tuple(map(float, c)) for c in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"', after)]
    assert len(starts) == len(circles) == 50 and "clip-path" in after
    for (x, bottom), (cx, cy, r) in zip(starts, circles, strict=True):
        assert (cx, cy + r) == (pytest.approx(x, abs=0.06), pytest.approx(bottom, abs=0.07))
    assert len(after) < len(before) / 2 and 'style="fill:#1f77b4"' in after
    assert 'aria-label="Rate 0.00512 and more"' in after and "Dots of 1.23456" in after


def test_other_curves_stay_as_they_are():
    curves = " ".join(["C 1 1 2 2 3 9"] * 8)
    figure = f'<figure class="musicrec-figure"><svg><path d="M 0 0 {curves} z" style="fill:red" /></svg></figure>'
    assert shorter(figure) == figure


def test_images_look_the_same_in_fewer_bytes():
    before, after = scatter(rasterized=True), shorter(scatter(rasterized=True))

    def on_white(markup: str, kind: str) -> np.ndarray:
        data = re.search(f'data:image/{kind};base64,([^"]*)', markup)
        assert data
        image = np.asarray(Image.open(io.BytesIO(base64.b64decode(data[1]))).convert("RGBA")).astype(float)
        return 255 + (image[..., :3] - 255) * image[..., 3:] / 255

    off = np.abs(on_white(before, "png") - on_white(after, "webp"))
    assert off.max() < 64 and np.sqrt((off**2).mean()) < 5 and len(after) < len(before)


def test_cells_lose_their_styles_and_keep_their_side():
    frame = pd.DataFrame({"artist": ["a"], "plays": [3]})
    text = shorter(table_html(frame, caption="Plays", index=False))
    assert '<td>a</td><td class="number">3</td>' in text and "text-align:right" not in text


def test_signatures_keep_name_and_links():
    text = shorter(
        '<dt class="sig sig-object py" id="f"><span class="sig-name descname"><span class="pre">f</span></span>'
        '<em class="sig-param"><span class="n"><span class="pre">x</span></span><span class="p">'
        '<span class="pre">:</span></span><span class="w"> </span><a class="reference internal" href="#A" title="m.A">'
        '<span class="pre">A</span></a></em></dt>'
    )
    assert text == (
        '<dt class="sig sig-object py" id="f"><span class="sig-name descname">f</span>'
        'x: <a class="reference internal" href="#A">A</a></dt>'
    )


def test_code_keeps_its_lines_and_its_colours_and_text_loses_blank_ones():
    code = (
        '<pre><span class="kn">import</span><span class="w"> </span><span class="n">a</span>\n\n  <span>b</span></pre>'
    )
    assert shorter(f"<p>x</p>\n\n   \n{code}\n\n") == (
        '<p>x</p>\n<pre><span class="kn">import</span> a\n\n  <span>b</span></pre>\n'
    )


def test_lists_of_arguments_are_lists_without_paragraphs():
    assert shorter("<ul><li><p><strong>a</strong> – b.</p></li><li><p>c</p><p>d</p></li></ul>") == (
        "<ul><li><strong>a</strong> – b.</li><li><p>c</p><p>d</p></li></ul>"
    )
