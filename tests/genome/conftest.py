"""Strategies for the property tests: ``st.from_type(Genome)`` draws any small genome, and so on."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from genome import ALL_NEURONS, THRESHOLDS, WEIGHTS, DesignSpace, Evaluation, Genome, Request
from genome.gates import from_flat


@st.composite
def genomes(draw: st.DrawFn) -> Genome:
    layers = draw(st.integers(1, 9))
    free = (layers - 1) * (layers - 2) // 2
    gates = draw(st.lists(st.booleans(), min_size=free, max_size=free))
    neurons = draw(st.lists(st.sampled_from(ALL_NEURONS), min_size=layers, max_size=layers))
    side = draw(st.lists(st.booleans(), min_size=layers - 1, max_size=layers - 1))
    weights = draw(st.just([]) | st.lists(st.sampled_from(WEIGHTS), min_size=layers, max_size=layers))
    thresholds = draw(st.just([]) | st.lists(st.sampled_from(THRESHOLDS), min_size=layers, max_size=layers))
    return Genome(from_flat(layers, gates), tuple(neurons), (True, *side), tuple(weights), tuple(thresholds))


@st.composite
def spaces(draw: st.DrawFn) -> DesignSpace:
    return DesignSpace(
        layers=draw(st.integers(1, 7)),
        neurons=tuple(draw(st.lists(st.sampled_from(ALL_NEURONS), min_size=1, unique=True))),
        search_connections=draw(st.booleans()),
        search_side=draw(st.booleans()),
        weights=tuple(draw(st.lists(st.sampled_from(WEIGHTS), min_size=1, unique=True))),
        thresholds=tuple(draw(st.lists(st.sampled_from(THRESHOLDS), min_size=1, unique=True))),
    )


@st.composite
def evaluations(draw: st.DrawFn) -> Evaluation:
    request = draw(st.from_type(Request))
    layers = request.genome.layers
    finite = st.floats(-200, 200)
    good = draw(st.integers(0, layers))

    def stages() -> tuple[float, ...]:
        head = draw(st.lists(finite, min_size=good, max_size=good))
        return (*head, *[math.inf] * (layers - good))

    last = finite if good == layers else st.just(math.inf)
    return Evaluation(
        request=request,
        setting=draw(st.text("0123456789abcdef", min_size=32, max_size=32)),
        status="complete" if good == layers else "diverged",
        valid_nmse_db=stages(),
        valid_ratio_db=stages(),
        test_nmse_db=draw(last) if request.test else None,
        test_ratio_db=draw(last) if request.test else None,
        seconds=draw(st.floats(0, 1e6)),
    )


counts = st.integers(0, 2**63 - 1)
st.register_type_strategy(Genome, genomes())
st.register_type_strategy(DesignSpace, spaces())
st.register_type_strategy(
    Request, st.builds(Request, st.from_type(Genome), seed=counts, draw=counts, test=st.booleans())
)
st.register_type_strategy(Evaluation, evaluations())
