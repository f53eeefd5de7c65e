from __future__ import annotations

import re

import pytest
from tests.unit.calculus.graphs import ROW, given, made, softmax_graph, two_neurons

from backhand.calculus.chain import backward, in_terms_of, local, local_derivative
from backhand.calculus.derive import chain_rule, entry_derivative
from backhand.calculus.gradient import gradient
from backhand.calculus.jacobian import array_derivative
from backhand.calculus.paths import Spot, paths, spot
from backhand.errors import AskError
from backhand.expr import ZERO, Index, Same, apply, mul, number, postorder, ref, total
from backhand.graph import Graph, Role


def test_a_dense_layer_differentiates_to_its_input() -> None:
    slope = backward(two_neurons(), "J")["∂J/∂W_1"].definition
    assert repr(slope) == "∂J/∂a[j]*(1,x)[k]"


def test_softmax_differentiates_in_terms_of_itself() -> None:
    graph = softmax_graph([1, 2, 3], [0, 1, 0])
    j, k = graph["p"].axes[0], Index("k", 1, 3)
    p_j, p_k = ref("p", j), ref("p", k)
    found = local_derivative(graph, "p", (j,), "s", (k,))
    assert repr(found) == "([j=k]*p[j] + -1*p[j]*p[k])"
    assert {p_j, p_k} <= set(postorder(found))


def test_naming_stops_at_the_authors_own_names() -> None:
    graph = Graph((given("b", Role.DATA, 1), made("yhat", apply("sigmoid", ref("b")))))
    expr = 3 * apply("sigmoid", ref("b")) ** 2
    assert in_terms_of(expr, graph["yhat"]) is 3 * ref("yhat") ** 2


def test_a_name_stands_only_for_what_is_there() -> None:
    loss = -1 * ref("y") * apply("log", ref("p"))
    graph = Graph((given("y", Role.TARGET, 1), given("p", Role.DATA, 0.5), made("J", loss)))
    found = local_derivative(graph, "J", (), "p", ())
    assert found is -1 * ref("y") / ref("p")


def test_the_derivative_of_a_variable_exponent() -> None:
    x = ref("x")
    assert local(x**x, "x", ()) is x * x ** (x - 1) + x**x * apply("log", x)


def test_no_delta_is_left_in_the_backward_pass_of_a_network() -> None:
    for quantity in backward(two_neurons(), "J").with_role(Role.GRADIENT):
        assert quantity.definition is not None
        assert not any(isinstance(node, Same) for node in postorder(quantity.definition))


def network(layers: int, width: int) -> Graph:
    """A deep tanh network without values."""
    index = Index("c", 1, width)
    quantities = [given("z_0", Role.DATA, [1] * width)]
    for n in range(1, layers + 1):
        quantities.append(given(f"W_{n}", Role.PARAMETER, [[1] * width] * width))
        row = quantities[0].axes[0]
        product = total(index, ref(f"W_{n}", row, index) * ref(f"z_{n - 1}", index))
        quantities.append(made(f"a_{n}", product, width))
        quantities.append(made(f"z_{n}", apply("tanh", ref(f"a_{n}", row)), width))
    quantities.append(made("J", total(index, ref(f"z_{layers}", index)), role=Role.OBJECTIVE))
    return Graph(tuple(quantities), "J")


def nodes(graph: Graph) -> int:
    return sum(1 for _ in postorder(*(q.definition for q in graph if q.definition is not None)))


def test_the_backward_pass_grows_with_layers_only() -> None:
    counts = {layers: nodes(backward(network(layers, 2), "J")) for layers in (5, 10, 20, 40)}
    assert counts[40] - counts[20] == 2 * (counts[20] - counts[10])
    assert counts[20] - counts[10] == 2 * (counts[10] - counts[5])
    assert nodes(backward(network(10, 50), "J")) == nodes(backward(network(10, 2), "J"))


def test_one_path_is_a_product() -> None:
    working = entry_derivative(two_neurons(), Spot("J", ()), Spot("W_1", (1, 2)))
    assert working.value == pytest.approx(0.1321, abs=5e-5)
    assert len(working.steps) == 7
    assert entry_derivative(two_neurons(), Spot("J", ()), Spot("W_2", (1, 1))).value == (
        pytest.approx(-0.03962, abs=5e-6)
    )


def test_several_paths_are_summed() -> None:
    found = paths(two_neurons(), Spot("J", ()), Spot("x", (1,)))
    assert found is not None
    assert found.count == 2
    assert len(list(found.each())) == 2


def test_many_paths_are_counted_and_not_listed() -> None:
    graph = network(12, 3)
    working = entry_derivative(graph, Spot("J", ()), Spot("W_1", (1, 1)))
    whole = gradient(graph, "J", ["W_1"])
    assert working.value == pytest.approx(whole.value[0, 0])  # type: ignore[index]
    assert len(working.steps) < 40
    assert len(chain_rule(graph, Spot("J", ()), Spot("W_1", (1, 1))).steps) == 1


def test_a_quantity_used_twice_gets_the_sum_over_its_uses() -> None:
    x = ref("x")
    graph = Graph(
        (
            given("x", Role.DATA, 3),
            made("u", x**2),
            made("v", 5 * x),
            made("y", ref("u") * ref("v")),
        )
    )
    working = entry_derivative(graph, Spot("y", ()), Spot("x", ()))
    assert working.value == 15 * 9


def test_a_kink_is_said() -> None:
    graph = Graph((given("a", Role.DATA, 0), made("z", apply("relu", ref("a")))))
    working = entry_derivative(graph, Spot("z", ()), Spot("a", ()))
    assert working.value == 0
    assert "no derivative here" in str(working.steps[0].note[0])


def test_layouts_are_transposes_and_named() -> None:
    rows = array_derivative(two_neurons(), "J", "W_1", "numerator")
    columns = array_derivative(two_neurons(), "J", "W_1", "denominator")
    assert rows.value.shape == (3, 2)  # type: ignore[union-attr]
    assert (columns.value == rows.value.T).all()  # type: ignore[union-attr]
    assert (rows.layout, columns.layout) == ("numerator", "denominator")


def test_what_does_not_depend_has_the_derivative_zero() -> None:
    working = entry_derivative(two_neurons(), Spot("a", (1,)), Spot("W_2", (1, 1)))
    assert (working.value, working.steps[0].rule) == (0, "no path")
    assert entry_derivative(two_neurons(), Spot("b", ()), Spot("b", ())).value == 1
    assert gradient(two_neurons(), "b", ["y"]).value == 0
    assert array_derivative(two_neurons(), "a", "a", "numerator").value.tolist() == [[1, 0], [0, 1]]  # type: ignore[union-attr]


def test_an_entry_out_of_range_is_named() -> None:
    with pytest.raises(AskError, match="0 to 2"):
        spot("W_1[1,3]", two_neurons())


def test_zero_and_number_rules() -> None:
    assert local(number(3), "x", ()) is ZERO
    assert local(mul(ref("A", ROW), 2), "B", (ROW,)) is ZERO


@pytest.mark.no_cover
def test_a_deep_chain_has_a_letter_of_its_own_for_every_sum() -> None:
    graph = network(60, 2)
    shown = chain_rule(graph, Spot("J", ()), Spot("W_1", (1, 1))).text()
    letters = re.findall(r"Σ_\{(\w+)=", shown.split("\n\n")[0])
    assert len(letters) == len(set(letters)) > 100


def test_routes_that_are_left_out_are_said_to_be() -> None:
    quantities = [given("x", Role.DATA, 2)]
    for n in range(1, 5):
        before = ref("x" if n == 1 else f"h_{n - 1}")
        quantities += [made(f"u_{n}", before**2), made(f"h_{n}", before + ref(f"u_{n}"))]
    graph = Graph(tuple(quantities))
    chain = chain_rule(graph, Spot("h_4", ()), Spot("x", ()))
    assert "⋯" in chain.text()
