import html
import re
import warnings
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from musicrec.page import figure as display
from musicrec.page import plots, prose, reproduced
from musicrec.page import style as page_style
from musicrec.scores.records import Score


@pytest.fixture(autouse=True)
def style():
    with mpl.rc_context():
        mpl.use("Agg")
        plots.use_style()
        yield
    plt.close("all")


def bars(title="Most played artists", **more):
    values = pd.Series({"Lady Gaga": 611, "Rihanna": 484})
    return plots.ranked_bars(values, title=title, xlabel="listeners (users)", ylabel="artist", **more)


def svg(ax, alt="what it shows", **more):
    text = display.figure_html(ax, alt=alt, **more)
    return ET.fromstring(text)[0]


def written(root):
    return ["".join(node.itertext()) for node in root.iter("text")]


# --- the figure on the page -----------------------------------------------------------------------------------------


def test_a_figure_is_one_labelled_graphic_with_a_caption():
    text = display.figure_html(bars(), alt='a "quoted" <alt>', caption="2 < 3 & <b>bold</b>")
    assert text.startswith('<figure class="musicrec-figure" ')
    assert text.count("<svg") == 1
    assert "<?xml" not in text and "<style" not in text and "<metadata" not in text
    root = ET.fromstring(text)
    assert root[0].get("role") == "img"
    assert root[0].get("aria-label") == 'a "quoted" <alt>'
    assert root.findtext("figcaption") == "2 < 3 & <b>bold</b>"


def test_ink_follows_the_page_and_data_keep_their_colour():
    text = display.figure_html(bars(), alt="x")
    assert "#000000" not in text
    assert "stroke: currentColor" in text
    assert plots.MAIN in text
    assert ET.fromstring(text)[0].get("fill") == "currentColor"


def test_the_graphic_shrinks_with_the_page_but_never_grows():
    root = svg(bars())
    width = float(root.get("viewBox").split()[2])
    assert f"max-width:{width * 4 / 3:.0f}px" in root.get("style")
    assert root.get("width") is None


def test_the_same_figure_gives_the_same_text():
    assert display.figure_html(bars(), alt="x") == display.figure_html(bars(), alt="x")


def test_ids_differ_between_figures_and_every_link_has_its_target():
    texts = [display.figure_html(bars(title), alt="x") for title in ("One", "Two")]
    ids = [set(re.findall(r'id="([^"]+)"', text)) for text in texts]
    assert ids[0] and not ids[0] & ids[1]
    for text, own in zip(texts, ids, strict=True):
        assert set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text)) == own


def test_names_are_text_whatever_they_hold():
    names = ["<script>alert(1)</script>", "Ke$ha & A$AP", "浜崎あゆみ", "{x}", "a\\b^2_3"]
    ax = plots.ranked_bars(pd.Series(5, index=names), title="T $x$", xlabel="n (count)", ylabel="artist")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        root = svg(ax)
    assert set(names) <= set(written(root))
    assert "T $x$" in written(root)
    assert not list(root.iter("script"))


def test_show_displays_and_closes(capsys):
    ax = bars()
    plots.show(ax, alt="two bars")
    assert not plt.fignum_exists(ax.figure.number)
    assert "two bars" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("drop", "named"), [("title", "a title"), ("xlabel", "the x label"), ("ylabel", "the y label")]
)
def test_what_is_missing_is_named(drop, named):
    ax = bars()
    ax.set(**{drop: ""})
    with pytest.raises(ValueError, match=named):
        display.figure_html(ax, alt="x")


def test_a_panel_without_a_label_is_named():
    figure, (left, right) = plt.subplots(1, 2)
    figure.suptitle("Two")
    left.set(xlabel="a (s)", ylabel="b (s)")
    right.set(xlabel="a (s)")
    with pytest.raises(ValueError, match="the y label of panel 2"):
        display.figure_html(figure, alt="x")


def test_shared_axes_and_labels_of_the_whole_figure_do():
    figure, panels = plt.subplots(2, 2, sharex=True, sharey=True)
    figure.suptitle("Four")
    for panel in panels[:, 0]:
        panel.set_ylabel("b (s)")
    figure.supxlabel("a (s)")
    display.figure_html(figure, alt="x")


def test_alternative_text_is_compulsory():
    with pytest.raises(ValueError, match="alternative text"):
        display.figure_html(bars(), alt=" ")


def test_only_figures_are_shown():
    with pytest.raises(TypeError, match="DataFrame"):
        display.figure_html(pd.DataFrame(), alt="x")


def test_log_axes_show_plain_numbers():
    sample = np.array([1, 10, 100, 1000, 50_000])
    root = svg(plots.distribution(sample, title="Plays", xlabel="plays (count)", ylabel="share", kind="ecdf", log="x"))
    assert {"1", "100", "10,000"} <= set(written(root))
    assert not any("10^" in text or "$" in text for text in written(root))


# --- colours --------------------------------------------------------------------------------------------------------

# Machado, Oliveira & Fernandes (2009), severity 1: protanopia, deuteranopia, tritanopia
DEFICIENCIES = np.array(
    [
        np.eye(3),
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ]
)


def linear(colour):
    rgb = np.array(mpl.colors.to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    bright = sorted(linear(c) @ [0.2126, 0.7152, 0.0722] + 0.05 for c in (one, other))
    return bright[1] / bright[0]


def oklab(rgb):
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return 100 * to_lab @ np.cbrt(to_cones @ np.clip(rgb, 0, 1))


@pytest.mark.parametrize("colour", [*plots.PALETTE, plots.MUTED])
def test_colours_read_on_white_and_on_near_black(colour):
    assert contrast(colour, "#ffffff") >= 3
    assert contrast(colour, "#14181e") >= 3


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_colours_stay_apart_for_every_kind_of_colour_vision(deficiency):
    seen = [oklab(deficiency @ linear(colour)) for colour in plots.PALETTE]
    for i, one in enumerate(seen):
        for other in seen[:i]:
            assert np.linalg.norm(one - other) > 8  # a just noticeable difference is about 2


# --- charts ---------------------------------------------------------------------------------------------------------


def test_bars_are_ranked_and_carry_their_values():
    ax = plots.ranked_bars(
        pd.Series({"b": 1, "a": 1200, "c": 30}), title="T", xlabel="n (count)", ylabel="name", highlight="c"
    )
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "c", "b"]
    assert [text.get_text() for text in ax.texts] == ["1,200", "30", "1"]
    assert mpl.colors.to_hex(ax.patches[1].get_facecolor()) == plots.ACCENT


def test_histogram_bins_of_whole_numbers_leave_no_gaps():
    ax = plots.distribution(np.arange(1, 1000), title="T", xlabel="plays (count)", ylabel="entries (count)", log="x")
    heights = [bar.get_height() for bar in ax.patches]
    assert sum(heights) == 999
    assert min(heights) > 0


def test_distribution_functions_are_exact_at_their_ends():
    values = [1, 1, 2, 5]
    for kind, first, last in (("ecdf", 0.5, 1.0), ("survival", 1.0, 0.25)):
        ax = plots.distribution(values, title="T", xlabel="n (count)", ylabel="share", kind=kind)
        x, y = ax.lines[0].get_data()
        assert list(x) == [1, 2, 5]
        assert (y[0], y[-1]) == (first, pytest.approx(last))


def test_long_distribution_functions_are_thinned():
    ax = plots.distribution(np.arange(100_000), title="T", xlabel="n (count)", ylabel="share", kind="ecdf")
    assert len(ax.lines[0].get_xdata()) < 2000


def test_zero_on_a_log_axis_is_refused():
    with pytest.raises(ValueError, match="'a' is 0"):
        plots.boxes({"a": [0, 1]}, title="T", xlabel="n (count)", ylabel="group")
    with pytest.raises(ValueError, match="no values"):
        plots.distribution([np.nan], title="T", xlabel="n (count)", ylabel="share")


def test_boxes_show_the_median():
    ax = plots.boxes({"a": [1, 2, 3], "b": [4, 5, 60]}, title="T", xlabel="n (count)", ylabel="group", log=False)
    medians = [line.get_xdata()[0] for line in ax.lines if mpl.colors.to_hex(line.get_color()) == plots.ACCENT]
    assert medians == [2, 5]


def test_curves_mark_the_best_point():
    lines = pd.DataFrame({"train": [3, 2, 1], "test": [4, 2.5, 3]}, index=[0, 100, 200])
    ax = plots.curves(lines, title="T", xlabel="iteration", ylabel="MSE", mark={"test": "min"})
    assert [text.get_text() for text in ax.texts] == ["2.5 at 100"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["train", "test"]
    with pytest.raises(KeyError, match="valid"):
        plots.curves(lines, title="T", xlabel="iteration", ylabel="MSE", mark={"valid": "min"})


def test_dense_scatter_becomes_one_image():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(page_style.DENSE + 1, 2))
    groups = np.array(["rock", "pop", None], dtype=object)[rng.integers(0, 3, len(points))]
    root = svg(plots.scatter(*points.T, title="Map", groups=groups))
    assert len(list(root.iter("image"))) == 1
    assert {"Map", "rock", "pop"} <= set(written(root))


def test_a_name_covers_no_other_point_where_there_is_room():
    xs = np.array([0.0, 0.05, 0.1, 1.0, 0.95])  # the second and third are where the name would be
    ys = np.array([0.5, 0.5, 0.5, 0.0, 1.0])
    ax = plots.scatter(xs, ys, title="Map", sizes=30, names={0: "popularity"})
    ax.figure.draw_without_rendering()
    box = ax.texts[0].get_window_extent()
    pixels = ax.transData.transform(np.column_stack([xs, ys]))
    assert not ((pixels > box.min) & (pixels < box.max)).all(axis=1).any()


def test_names_in_a_scatter_do_not_cover_each_other():
    ax = plots.scatter([0, 0, 5], [0, 0, 5], title="Map", names={0: "one", 1: "another", 2: "far"})
    shown = [text.get_window_extent() for text in ax.texts]
    assert len(shown) == 3
    assert not any(a.overlaps(b) for i, a in enumerate(shown) for b in shown[:i])


def test_heatmap_numbers_keep_their_contrast_in_both_modes():
    frame = pd.DataFrame([[0.0, 1.0], [0.5, -1.0]], index=list("ab"), columns=list("xy"))
    for center in (None, 0):
        ax = plots.heatmap(frame, title="T", xlabel="feature", ylabel="genre", unit="z score (sd)", center=center)
        for number, colour in zip(ax.texts, ax.collections[0].get_facecolors(), strict=True):
            assert contrast(number.get_color(), colour[:3]) >= 4
        display.figure_html(ax, alt="x")


def test_intervals_draw_each_row():
    frame = pd.DataFrame({"value": [0.2, 0.1], "low": [0.1, np.nan], "high": [0.3, np.nan]}, index=["knn", "random"])
    ax = plots.intervals(frame, title="T", xlabel="NDCG@10", ylabel="system", reference=(0.15, "reported"))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["knn", "random"]
    assert [text.get_text() for text in ax.texts] == ["0.200", "0.100"]
    display.figure_html(ax, alt="x")
    with pytest.raises(KeyError, match="'value'"):
        plots.intervals(frame.drop(columns="value"), title="T", xlabel="x", ylabel="y")


# --- tables and prose -----------------------------------------------------------------------------------------------


def test_reproduced_shows_the_digits_that_were_reported(capsys):
    def score(metric, value, reported):
        return Score("c", "data", "lastfm-2k", False, "original/lastfm-mf", metric, value, reported=reported)

    reproduced.reproduced([score("listens", 92834.0, 92834.0), score("mean", 745.243, 745.24)], caption="C")
    shown = capsys.readouterr().out
    assert "92,834" in shown
    assert "745.24 " in shown
    with pytest.raises(ValueError, match="reproduce"):
        reproduced.reproduced([], caption="C")


def test_prose_makes_data_inert():
    nasty = "<script>*x*</script>\n# [a](b) $y$ {z}"
    text = prose.prose_text("The top is {name}: {n:,} plays.", name=nasty, n=1234)
    assert "1,234 plays" in text
    assert not set("<*[#`$").intersection(re.sub(r"&#\d+;|</?span>", "", text))
    assert (
        html.unescape(re.sub("</?span>", "", text)) == "The top is <script>*x*</script> # [a](b) $y$ {z}: 1,234 plays."
    )


def test_prose_reads_lists_as_a_sentence():
    assert prose.prose_text("{a} | {b} | {c}", a=["x"], b=["x", "y"], c=("x", "y", "z")) == "x | x and y | x, y and z"


def test_prose_may_be_indented():
    assert prose.prose_text("\n    one\n    two {n}\n", n=2) == "one\ntwo 2"


class Facts(NamedTuple):
    n: int
    wins: bool


@dataclass(frozen=True)
class Record:
    n: int
    wins: bool


@pytest.mark.parametrize("facts", [Facts(1234, False), Record(1234, False)])
def test_prose_takes_its_fields_from_facts(facts, monkeypatch: pytest.MonkeyPatch):
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(prose, "display", lambda data, raw: shown.append(data))
    prose.prose("{n:,} plays: {who} {wins:wins|loses}", facts, who="popularity")
    assert shown == [dict.fromkeys(("text/markdown", "text/plain"), "1,234 plays: popularity loses")]


def test_prose_names_what_is_missing():
    with pytest.raises(KeyError, match="n"):
        prose.prose_text("{n}")
