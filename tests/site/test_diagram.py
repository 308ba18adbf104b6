"""Drawing in rows: everything inside, nothing over anything else, and readable on a phone and in the dark."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from musicrec.site.diagram import BOX, BOX_HEIGHT, WIDTH, Arrow, figure, layered

ROWS = [["a"], ["b", "c"], ["d", "e", "f"], ["g"]]
ARROWS = [Arrow("a", "b"), Arrow("a", "f"), Arrow("a", "g", "far"), Arrow("b", "d"), Arrow("c", "e"), Arrow("e", "g")]


def boxes(svg: str) -> np.ndarray:
    return np.array(re.findall(r'<rect x="([-\d.]+)" y="([-\d.]+)"', svg), dtype=float)


def ends(svg: str) -> np.ndarray:
    """Return the number where each path starts and ends."""
    paths = re.findall(r'<path d="(M[^"]+)" fill="none"', svg)
    numbers = [[float(n) for n in re.findall(r"-?\d+\.?\d*", path)] for path in paths]
    return np.array([[*n[:2], *n[-2:]] for n in numbers])


def test_it_is_xml_with_a_label_and_takes_the_colour_of_the_page():
    svg = layered(ROWS, ARROWS, 'a < b & "c"', name="test")
    root = ElementTree.fromstring(svg)
    assert root.attrib["role"] == "img" and root.attrib["aria-label"] == 'a < b & "c"'
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
    assert colours == {"currentColor", "none"} and root.attrib["fill"] == "currentColor", "letters too"


def test_boxes_lie_inside_and_apart():
    svg = layered(ROWS, ARROWS, "", name="test")
    found = boxes(svg)
    assert len(found) == 7
    height = float(svg.split('viewBox="0 0 340 ')[1].split('"')[0])
    assert (found >= 0).all() and (found[:, 0] + BOX <= WIDTH).all() and (found[:, 1] + BOX_HEIGHT <= height).all()
    for y in np.unique(found[:, 1]):
        assert (np.diff(np.sort(found[found[:, 1] == y, 0])) > BOX).all()


def test_an_arrow_leads_from_the_lower_edge_of_a_box_to_the_upper_edge_of_another():
    svg = layered(ROWS, ARROWS, "", name="test")
    tops, found = boxes(svg), ends(svg)
    assert len(found) == len(ARROWS)
    middles = {(x + BOX / 2, y) for x, y in tops}
    for x, y, x_end, y_end in found:
        if not np.isnan(x_end):
            assert (x, y - BOX_HEIGHT) in middles and (x_end, y_end) in middles


def test_an_arrow_that_passes_a_row_passes_beside_its_boxes():
    svg = layered(ROWS, ARROWS, "", name="test")
    tops = boxes(svg)
    for path in re.findall(r'<path d="(M[^"]+)" fill="none"', svg):
        for x, y in re.findall(r"([\d.]+) ([\d.]+)V", path):
            row = tops[tops[:, 1] == float(y), 0]
            assert len(row) and ((float(x) < row) | (float(x) > row + BOX)).all()


def test_joined_boxes_come_to_lie_under_each_other():
    """Two pairs given crosswise are drawn without a crossing."""
    svg = layered([["top"], ["a", "b"], ["c", "d"]], [Arrow("a", "d"), Arrow("b", "c")], "", name="test")
    starts = ends(svg)
    assert (starts[0, 0] < starts[1, 0]) == (starts[0, 2] < starts[1, 2])


def test_labels_stand_beside_their_arrow_and_are_escaped():
    svg = layered([["a"], ["b"]], [Arrow("a", "b", "x<y")], "", name="test")
    assert ">x&lt;y</text>" in svg


@pytest.mark.parametrize("arrow", [Arrow("g", "a"), Arrow("b", "c")])
def test_arrows_lead_down(arrow: Arrow):
    with pytest.raises(ValueError, match=f"from {arrow.start} to {arrow.end} does not lead down"):
        layered(ROWS, [arrow], "", name="test")


def test_the_same_graph_gives_the_same_drawing_and_two_drawings_do_not_share_marks():
    first = layered(ROWS, ARROWS, "", name="one")
    assert first == layered(ROWS, ARROWS, "", name="one")
    assert "#one-tip" in first and "one-tip" not in layered(ROWS, ARROWS, "", name="two")


def test_a_figure_is_one_block_with_its_caption():
    text = figure("<svg/>", "An arrow says *imports* & more.")
    assert (
        "<em>imports</em> &amp; more." in text and "\n" not in text.strip() and 'class="musicrec-figure narrow"' in text
    )
