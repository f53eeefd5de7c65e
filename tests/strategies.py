"""Random graphs for laws that hold of every network."""

from __future__ import annotations

from hypothesis import strategies as st
from tests import peers

from backhand.graph import Graph
from backhand.reading.meaning import model


def networks(most_layers: int = 6, widest: int = 20) -> st.SearchStrategy[Graph]:
    """A network of 1 to `most_layers` layers, 1 to `widest` units each, with all values given.

    Every function of the table and every loss occur, on arguments inside their domains.
    """
    return peers.networks(most_layers, widest).map(lambda network: model(network.page))
