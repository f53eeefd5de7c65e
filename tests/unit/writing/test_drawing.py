"""Drawings: whole, legible, safe to put on a page, and the same every time."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.goldens import agrees
from tests.unit.calculus import graphs
from tests.unit.calculus.graphs import made, two_neurons

from backhand.calculus.picture import picture
from backhand.compositions import COMPOSITIONS
from backhand.errors import BackhandError
from backhand.expr import Expr, Index, apply, padded, ref, substitute, total
from backhand.graph import Graph, Role
from backhand.syntax import Entry, Equal, Name, Num, Partial, Words
from backhand.working import Column, Edge, Picture, Unit
from backhand.writing.arranging import arranged
from backhand.writing.drawing import draw

SVG = "{http://www.w3.org/2000/svg}"


def network(widths: list[int], hidden: str, last: str = "sigmoid") -> Graph:
    """Layers of these widths with their biases folded in, on random numbers."""
    rng = np.random.default_rng(1)
    quantities = [graphs.given("x", Role.DATA, rng.integers(-9, 9, widths[0]) / 4)]
    before = "x"
    for n, (columns, rows) in enumerate(pairwise(widths), 1):
        numbers = rng.integers(-99, 99, (rows, columns + 1)) / 32
        inside, row = Index("c", 0, columns), Index("j", 1, rows)
        product = ref(f"W_{n}", row, inside) * padded(before, (inside,), 1)
        activation = hidden if n < len(widths) - 1 else last
        quantities += [
            graphs.given(f"W_{n}", Role.PARAMETER, numbers, folded=True),
            made(f"a_{n}", total(inside, product), rows),
            made(f"z_{n}", apply(activation, ref(f"a_{n}", row)), rows),
        ]
        before = f"z_{n}"
    k = Index("k", 1, widths[-1])
    error = total(k, (ref("y", k) - ref(before, k)) ** 2)
    target = graphs.given("y", Role.TARGET, np.zeros(widths[-1]))
    return Graph((*quantities, target, made("J", error, role=Role.OBJECTIVE)), "J")


def function_graph() -> Graph:
    """y = u v + x with u = sin x and v = u²: some edges pass a column."""
    u = made("u", apply("sin", ref("x")))
    v = made("v", ref("u") ** 2)
    return Graph(
        (graphs.given("x", Role.DATA, 2), u, v, made("y", ref("u") * ref("v") + ref("x"))), "y"
    )


def softmax_network() -> Graph:
    row, other = Index("j", 1, 3), Index("n", 1, 3)

    def over(expr: Expr) -> Expr:
        return total(other, substitute(expr, {row: other}))

    p = COMPOSITIONS["softmax"].expand(over, ref("z_1", row))  # type: ignore[call-arg]
    graph = network([2, 3], "tanh", "identity")
    kept = [q for q in graph if q.name not in ("J", "y")]
    return Graph((*kept, made("p", p, 3)), None)


PICTURES = {
    "two neurons": lambda: picture(two_neurons()),
    "two neurons, one path lit": lambda: picture(two_neurons(), "W_1[1,2]"),
    "three hidden neurons, lit": lambda: picture(network([3, 3, 1], "leaky_relu"), "W_1[1,2]"),
    "many paths": lambda: picture(network([2, 3, 2, 1], "tanh"), "W_1[1,2]"),
    "deep": lambda: picture(network([4, 5, 5, 5, 3], "tanh")),
    "short labels": lambda: picture(network([4, 3, 2], "gelu_tanh")),
    "wide": lambda: picture(network([784, 100, 10], "relu")),
    "function graph": lambda: picture(function_graph()),
    "function graph, lit": lambda: picture(function_graph(), "x"),
    "softmax": lambda: picture(softmax_network()),
}


@pytest.fixture(params=PICTURES, scope="module")
def shown(request: pytest.FixtureRequest) -> Picture:
    return PICTURES[request.param]()


def texts(root: ET.Element) -> list[str]:
    return ["".join(e.itertext()) for e in root.iter(f"{SVG}text")]


def test_every_unit_and_every_edge_is_drawn_once(shown: Picture) -> None:
    root = ET.fromstring(draw(shown))
    units = [u.name for column in shown.columns for u in column.units]
    assert sorted(
        e.attrib["data-unit"] for e in root.iter(f"{SVG}g") if "data-unit" in e.attrib
    ) == sorted(units)
    edges = [f"{edge.start} {edge.end}" for edge in shown.edges]
    assert sorted(e.attrib["data-edge"] for e in root.iter(f"{SVG}path")) == sorted(edges)


def test_no_label_touches_another_or_a_neuron(shown: Picture) -> None:
    drawing = arranged(shown)
    labels = [w for w in drawing.writings if w.kind in ("weight", "dim", "factor")]
    words = [w for w in drawing.writings if w not in labels]
    for one, other in combinations([w.box for w in labels], 2):
        assert not one.meets(other)
    for shape in drawing.shapes:
        assert not any(w.box.meets(shape.box) for w in drawing.writings)
    for one, other in combinations([w.box for w in words], 2):
        assert not one.meets(other)
    for one, other in combinations([s.box for s in drawing.shapes], 2):
        assert not one.meets(other)


def test_edges_pass_no_neuron_but_their_own(shown: Picture) -> None:
    drawing = arranged(shown)
    for wire in drawing.wires:
        own = (wire.edge.start, wire.edge.end)
        for shape in drawing.shapes:
            xs = [p.x for p in wire.corners]
            outside = (
                max(xs) < shape.middle.x - shape.across or min(xs) > shape.middle.x + shape.across
            )
            if shape.unit.name in own or outside:
                continue
            for a, b in pairwise(wire.corners):
                steps = np.linspace(0, 1, 60)
                near = np.hypot(
                    a.x + steps * (b.x - a.x) - shape.middle.x,
                    a.y + steps * (b.y - a.y) - shape.middle.y,
                )
                assert near.min() > shape.radius


def test_everything_is_inside_the_frame(shown: Picture) -> None:
    left, top, across, down = map(float, ET.fromstring(draw(shown)).attrib["viewBox"].split())
    drawing = arranged(shown)
    corners = [p for s in (*drawing.shapes, *drawing.writings) for p in s.box.corners()]
    corners += [p for wire in drawing.wires for p in wire.corners]
    assert all(left < p.x < left + across and top < p.y < top + down for p in corners)


def test_it_says_itself_in_words() -> None:
    root = ET.fromstring(draw(picture(two_neurons(), "W_1[1,2]")))
    title, described = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert described is not None
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"].split() == [title.attrib["id"], described.attrib["id"]]
    assert title.text == "The paths that carry ∂J/∂W_1,1,2"
    said = described.text or ""
    for part in (
        "Input: bias 1, x_1 = 2, x_2 = 5.",
        "Hidden layer (ReLU): bias 1, z_1 = 3, z_2 = 0.",
        "Output (σ (sigmoid)): ŷ = 0.006693.",
        "x_2 to z_1: W_1,1,2 = −1",
        "x_2 to z_1, ∂a_1/∂W_1,1,2 = 5",
        "inside ŷ, ∂ŷ/∂b = 0.006648",
    ):
        assert part in said


def test_every_weight_of_a_small_network_is_written() -> None:
    found = texts(ET.fromstring(draw(picture(two_neurons()))))
    for weight in ("W1,1,0 = 2", "W1,1,2 = −1", "W1,2,1 = −3", "W2,1,0 = 1", "W2,1,2 = 2"):
        assert weight in [text.replace("\u00a0", " ") for text in found]
    assert {"ReLU", "Input", "Hidden layer", "Output", "ŷ", "0.006693"} <= set(found)


def test_lit_paths_are_marked_with_their_factors_and_the_rest_is_dim() -> None:
    root = ET.fromstring(draw(picture(two_neurons(), "W_1[1,2]")))
    live = {
        e.attrib["data-edge"] for e in root.iter(f"{SVG}path") if "bh-live" in e.attrib["class"]
    }
    assert live == {"x[2] z[1]", "z[1] yhat", "yhat J"}
    kinds = {
        e.attrib["data-unit"]: e.attrib["class"]
        for e in root.iter(f"{SVG}g")
        if "data-unit" in e.attrib
    }
    assert "bh-lit" in kinds["z[1]"]
    assert "bh-dim" in kinds["z[2]"]
    assert kinds["x[2]"] == "bh-unit"
    factors = {
        "".join(g.itertext()).replace("\u00a0", " ")
        for g in root.iter(f"{SVG}g")
        if g.attrib["class"] == "bh-factor-label"
    }
    assert factors == {
        "∂a1/∂W1,1,2 = 5",
        "∂z1/∂a1 = 1",
        "∂b/∂z1 = −2",
        "∂ŷ/∂b = 0.006648",
        "∂J/∂ŷ = −1.987",
    }


def test_a_wide_network_is_abridged_and_thin() -> None:
    text = draw(picture(network([784, 100, 10], "relu")))
    root = ET.fromstring(text)
    assert len(list(root.iter())) < 400
    assert {"784 units", "100 units"} <= set(texts(root))
    assert sum(g.attrib.get("class") == "bh-dots" for g in root.iter(f"{SVG}g")) == 2
    assert all(float(p.attrib["stroke-width"]) <= 2.2 for p in root.iter(f"{SVG}path"))
    assert not [g for g in root.iter(f"{SVG}g") if g.attrib["class"] == "bh-weight-label"]


def test_the_same_picture_gives_the_same_text_and_others_have_other_ids() -> None:
    one, two = (draw(picture(two_neurons())) for _ in range(2))
    assert one == two
    ids = [set(re.findall(r'id="([^"]+)"', draw(PICTURES[name]()))) for name in PICTURES]
    assert all(not a & b for a, b in combinations(ids, 2))


def test_all_classes_are_prefixed_and_nothing_is_fetched(shown: Picture) -> None:
    text = draw(shown)
    assert all(
        c.startswith("bh-")
        for e in ET.fromstring(text).iter()
        for c in e.attrib.get("class", "bh-").split()
    )
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    assert all(
        s.startswith(".bh-") for s in re.findall(r"^([^@}\s][^{]*)\{", style[1], re.MULTILINE)
    )
    assert "prefers-color-scheme" in style[1]
    assert set(re.findall(r"https?://[^\s\"<]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(script|image|foreignObject|use)\b|\burl\(|@import|\son\w+=", text)


HOSTILE = "</text><script>alert(1)</script>&\"'\x00\x1b\u202e]]>"


def test_hostile_names_are_shown_and_not_obeyed() -> None:
    units = [Unit(HOSTILE + n, Words(HOSTILE), Words(HOSTILE)) for n in "ab"]
    columns = tuple(Column((HOSTILE,), (unit,), 1, HOSTILE) for unit in units)
    edge = Edge(units[0].name, units[1].name, Words(HOSTILE), Words(HOSTILE), True, Words(HOSTILE))
    text = draw(Picture(columns, (edge,), (HOSTILE, Name(HOSTILE))))
    root = ET.fromstring(text)
    assert not list(root.iter(f"{SVG}script"))
    assert not re.search("[\x00-\x08\x1b\u202e]", text)


@given(st.text(), st.text(min_size=1), st.floats(allow_nan=True))
@settings(max_examples=60, deadline=None)
def test_any_name_and_number_gives_valid_xml(name: str, title: str, number: float) -> None:
    units = [Unit("a", Name(name), Num(number)), Unit("b", Entry(Name(name), (Name(title),)), None)]
    columns = tuple(Column((title,), (unit,), 1, name) for unit in units)
    edge = Edge("a", "b", Partial(Name(name), Name(title)), Num(number))
    assert len(list(ET.fromstring(draw(Picture(columns, (edge,)))).iter(f"{SVG}path"))) == 1


def test_a_long_name_is_cut_and_keeps_to_its_neuron() -> None:
    long = Unit("a", Name("m" * 64), Num(Fraction(10**40)))
    drawing = arranged(Picture((Column((), (long,), 1),), ()))
    assert drawing.shapes[0].across < 120
    assert "…" in draw(Picture((Column((), (long,), 1),), ()))


@pytest.mark.parametrize(
    "edge", [Edge("a", "q", None, None), Edge("b", "a", None, None), Edge("a", "a", None, None)]
)
def test_an_edge_that_leads_nowhere_is_an_error(edge: Edge) -> None:
    columns = tuple(Column((), (Unit(n, Name(n), None),), 1) for n in "ab")
    with pytest.raises(BackhandError, match=r"no unit q|to the right"):
        draw(Picture(columns, (edge,)))


def test_where_there_is_no_room_weights_give_way_to_factors() -> None:
    """Long weights on many edges can't all be written; the factor of the lit one is."""
    long = Words("a weight with a very long name " * 2)
    left, right = ([Unit(f"{s}{n}", Name(f"{s}_{n}"), None) for n in range(5)] for s in "xz")
    factor = Equal((Name("f"), Num(Fraction(7))), ("=",))
    edges = tuple(
        Edge(
            a.name,
            b.name,
            long,
            None,
            a is left[0] is not b and b is right[0],
            factor if a is left[0] and b is right[0] else None,
        )
        for a in left
        for b in right
    )
    found = arranged(Picture((Column((), tuple(left), 5), Column((), tuple(right), 5)), edges))
    assert [w.kind for w in found.writings] == ["factor"]


@pytest.mark.parametrize(
    ("file", "name"),
    [("two-neurons.svg", "two neurons"), ("two-neurons-lit.svg", "two neurons, one path lit")],
)
def test_the_drawing_is_the_one_that_was_looked_at(file: str, name: str) -> None:
    """Look at the drawing in a browser, light and dark, before replacing the file."""
    assert agrees(draw(PICTURES[name]()), f"drawing/{file}")
